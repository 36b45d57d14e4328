import { describe, expect, test } from 'vitest'
import type { HeadQuery, Store } from '../src/ports/index.ts'
import { collect } from './fixtures/collect.ts'
import { mortalStore } from './fixtures/mortal-store.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

/** A store that notes what is read of it. */
function watched(store: Store): { store: Store; read: string[]; queries: HeadQuery[] } {
  const read: string[] = []
  const queries: HeadQuery[] = []
  const { journal } = store
  return {
    read,
    queries,
    store: {
      ...store,
      journal: {
        append: (batch) => journal.append(batch),
        read: (stream, options) => {
          read.push(stream)
          return journal.read(stream, options)
        },
        heads: (query) => {
          queries.push(query)
          return journal.heads(query)
        },
      },
    },
  }
}

describe('recover()', () => {
  test('looks only at runs that can be ready: not at those that wait for nothing that came [RUN-15]', async () => {
    const { harnessOf, clock, store } = waitingHarness()
    const harness = harnessOf({ store: mortalStore(store) })
    for (let index = 0; index < 20; index++) {
      const session = await harness.getSession(`s${index}`)
      await session.workflows.wait.start(null, { durable: { runId: `r${index}` } })
      await clock.advance(100)
    }
    const sleeper = await harness.getSession('sleeper')
    await sleeper.workflows.sleep.start(null, { durable: { runId: 'asleep' } })
    await clock.advance(100)
    await harness.shutdown()
    const { store: seen, read, queries } = watched(store)
    const second = harnessOf({ owner: 'process-2', store: seen })
    await second.runs.signal('r7', 'go', 7)
    await second.runs.signal('r8', 'other', 8)
    read.length = 0
    queries.length = 0
    const first = await second.runs.recover()
    expect(first.resumed.map(({ id }) => id)).toEqual(['r7'])
    expect(await clock.until(first.resumed[0]?.result ?? Promise.reject(new Error('none')))).toBe(7)
    expect([...new Set(read)].filter((stream) => stream.startsWith('inbox/'))).toEqual([
      'inbox/r7',
      'inbox/r8',
    ])
    expect(queries.some((query) => query.unowned === true)).toBe(true)
    expect(queries.some((query) => query.dueBefore !== undefined)).toBe(true)
    await clock.advance(60_000)
    expect((await second.runs.recover()).resumed.map(({ id }) => id)).toEqual(['asleep'])
  })

  test('finds a run again whose signal came while it suspended or after it had read others', async () => {
    const { harnessOf, clock, store } = waitingHarness()
    const harness = harnessOf({ store: mortalStore(store) })
    const session = await harness.getSession('s')
    await session.workflows.wait.start(null, { durable: { runId: 'r' } })
    await clock.advance(100)
    await harness.runs.signal('r', 'go', 'not a number')
    await clock.advance(200)
    await harness.shutdown()
    const second = harnessOf({ owner: 'process-2' })
    expect((await second.runs.recover()).resumed).toEqual([])
    await second.runs.signal('r', 'go', 3)
    const { resumed } = await second.runs.recover()
    expect(await clock.until(resumed[0]?.result ?? Promise.reject(new Error('none')))).toBe(3)
    expect((await collect(second.runs.events('r'))).at(-1)).toMatchObject({ outcome: 'succeeded' })
  })
})
