import { describe, expect, it } from 'vitest'
import { inMemoryStore } from '../../src/in-memory/in-memory-store.ts'
import { PortError, type Store } from '../../src/ports/index.ts'
import { processWith, recorded, rejectionOf, step, until } from './fixture.ts'

const lease = 'session/s'

/** A store whose appends fail from the n-th on, until it is mended. */
function failingStore(from: number): { readonly store: Store; mend(): void } {
  const store = inMemoryStore()
  let appends = 0
  let broken = true
  const append: Store['journal']['append'] = async (batch) => {
    appends++
    if (broken && appends >= from) throw new PortError({ code: 'store/io', message: 'The disk is gone.' })
    return store.journal.append(batch)
  }
  return { store: { ...store, journal: { ...store.journal, append } }, mend: () => void (broken = false) }
}

describe('a run whose store fails', () => {
  it('stops with the fault named, and is gone on with once the store works', async () => {
    const { store, mend } = failingStore(3)
    const ran: string[] = []
    const { start } = processWith(
      async (c) => {
        for (const name of ['a', 'b', 'c']) await step(c, name, () => void ran.push(name))
        return ran.length
      },
      { store },
    )
    const handle = await start({ runId: 'r' })
    expect((await rejectionOf(handle.result)).code).toBe('store/io')
    expect(await store.leases.get(lease)).toBeUndefined()
    mend()
    expect(await (await start({ runId: 'r' })).result).toBe(4)
    // Only the step whose commit failed ran again.
    expect(ran).toEqual(['a', 'b', 'b', 'c'])
  })

  it('frees the session when the start itself cannot be recorded [SES-9]', async () => {
    const { store, mend } = failingStore(1)
    const { start } = processWith(async () => 'done', { store })
    expect((await rejectionOf(start({ runId: 'r' }))).code).toBe('store/io')
    expect(await recorded(store, 'r')).toEqual([])
    expect(await store.leases.get(lease)).toBeUndefined()
    mend()
    expect(await (await start({ runId: 'other' })).result).toBe('done')
  })

  it('does not hand a fault of the store to the program', async () => {
    const store = inMemoryStore()
    const put = (): Promise<never> =>
      Promise.reject(new PortError({ code: 'store/full', message: 'No space.' }))
    const { start } = processWith(
      (c) =>
        c
          .child({ name: 'k', input: null, label: {}, program: async () => 'x'.repeat(70_000) })
          .catch(() => 'swallowed'),
      { store: { ...store, blobs: { ...store.blobs, put } } },
    )
    expect((await rejectionOf((await start({ runId: 'r' })).result)).code).toBe('store/full')
    expect(await recorded(store, 'r')).toEqual(['run.started'])
  })
})

describe('a run whose code changed', () => {
  it('stops, gives the lease up, and the old code can go on at once', async () => {
    const store = inMemoryStore()
    const gate = Promise.withResolvers<void>()
    const first = processWith(
      async (c) => {
        await step(c, 'a', () => 1)
        await step(c, 'b', () => gate.promise)
        return 'done'
      },
      { store },
    )
    const handle = await first.start({ runId: 'r' })
    await until(handle, 'step.finished')
    for (const live of first.engine.live.all()) live.abandon()
    gate.resolve()
    await rejectionOf(handle.result)
    const changed = processWith((c) => step(c, 'other', () => 1), { store })
    const diverged = await rejectionOf((await changed.start({ runId: 'r' })).result)
    expect(diverged).toMatchObject({ code: 'run/diverged', meta: { position: 2 } })
    const again = processWith(async (c) => (await step(c, 'a', () => 0)) + (await step(c, 'b', () => 10)), {
      store,
    })
    expect(await (await again.start({ runId: 'r' })).result).toBe(11)
  })
})

describe('a process that lost its lease', () => {
  it('is told so by name, and its writes change nothing', async () => {
    const store = inMemoryStore()
    const gate = Promise.withResolvers<void>()
    const { start } = processWith((c) => step(c, 'a', () => gate.promise), { store })
    const handle = await start({ runId: 'r' })
    await until(handle, 'run.started')
    const holder = await store.leases.get(lease)
    await store.leases.reclaim(lease, holder?.owner ?? '')
    gate.resolve()
    expect((await rejectionOf(handle.result)).code).toBe('run/fenced')
    expect(await recorded(store, 'r')).toEqual(['run.started'])
  })
})

describe('an orphan', () => {
  const neverEnding = () => new Promise<never>(() => undefined)

  /** A run in the session whose process is gone without a word. */
  async function orphan(store: Store, runId?: string): Promise<string> {
    const { start } = processWith(neverEnding, { store })
    const handle = await start(runId === undefined ? {} : { runId })
    const holder = await store.leases.get(lease)
    await store.leases.reclaim(lease, holder?.owner ?? '')
    return handle.id
  }

  it('that was not durable is closed by the next start', async () => {
    const store = inMemoryStore()
    const id = await orphan(store)
    expect(await (await processWith(async () => 'done', { store }).start()).result).toBe('done')
    const end = (await store.journal.read(`run/${id}`)).at(-1)
    expect(end?.data).toMatchObject({ outcome: 'failed', error: { code: 'run/abandoned' } })
  })

  it('that was not durable is closed by a resume of another run as well', async () => {
    const store = inMemoryStore()
    let fails = true
    const flaky = processWith(
      (c) => step(c, 'a', () => (fails ? Promise.reject(new Error('boom')) : 'done')),
      { store },
    )
    await rejectionOf((await flaky.start({ runId: 'r' })).result)
    const id = await orphan(store)
    fails = false
    expect(await (await flaky.start({ runId: 'r' })).result).toBe('done')
    expect(await recorded(store, id)).toEqual(['run.started', 'run.finished'])
  })

  it('that is durable keeps the session until it is gone on with', async () => {
    const store = inMemoryStore()
    await orphan(store, 'kept')
    const refused = await rejectionOf(processWith(async () => 'done', { store }).start())
    expect(refused).toMatchObject({ code: 'session/busy', meta: { reason: 'orphaned_run', runId: 'kept' } })
    expect(await (await processWith(async () => 'done', { store }).start({ runId: 'kept' })).result).toBe(
      'done',
    )
  })
})
