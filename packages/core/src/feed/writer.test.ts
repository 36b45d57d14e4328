import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../history/event.ts'
import type { AppendResult, Batch, Journal, Platform } from '../ports/index.ts'
import { createHub } from './hub.ts'
import { RunWriter, commit } from './writer.ts'

interface Flight {
  readonly batch: Batch
  resolve(result: AppendResult): void
  reject(error: unknown): void
}

/** A journal whose appends are answered by the test. */
function controlled() {
  const flights: Flight[] = []
  const hub = createHub()
  const failures: unknown[] = []
  let ids = 0
  const journal = {
    append: (batch) =>
      new Promise<AppendResult>((resolve, reject) => flights.push({ batch, resolve, reject })),
  } as Partial<Journal> as Journal
  const platform = { now: () => 7, id: () => `id-${ids++}` } as Partial<Platform> as Platform
  const deps = { journal, platform, hub }
  const fence = { leaseKey: 'session/s', token: 3 }
  const writer = new RunWriter(deps, {
    runId: 'r',
    fence,
    onFailure: (error) => failures.push(error),
    onIdle: () => undefined,
  })
  return { flights, hub, failures, writer, deps }
}

const event = (key: string): NewEvent => ({
  type: 'step.finished',
  data: { key, scope: '', after: 0, status: 'ok' },
})
const keysOf = ({ batch }: Flight): string[] =>
  (batch.entries?.[0]?.entries ?? []).map(({ data }) => (data as { key: string }).key)
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('RunWriter', () => {
  it('commits together what is given together, and then what came meanwhile, in order', async () => {
    const { flights, writer } = controlled()
    const positions: [string, number][] = []
    const write = (key: string): void =>
      writer.write(event(key), (position) => positions.push([key, position]))
    write('a')
    write('b')
    await settle()
    write('c')
    write('d')
    write('e')
    await settle()
    expect(flights.map(keysOf)).toEqual([['a', 'b']])
    expect(positions).toEqual([])
    flights[0]?.resolve({ positions: { 'run/r': 5 } })
    await settle()
    expect(positions).toEqual([
      ['a', 4],
      ['b', 5],
    ])
    expect(flights.map(keysOf)).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ])
    expect(writer.idle).toBe(false)
    flights[1]?.resolve({ positions: { 'run/r': 8 } })
    await settle()
    expect(positions.slice(2)).toEqual([
      ['c', 6],
      ['d', 7],
      ['e', 8],
    ])
    expect(writer.idle).toBe(true)
  })

  it('names every batch with the fence and an id of its own', async () => {
    const { flights, writer } = controlled()
    writer.write(event('a'), () => undefined)
    await settle()
    flights[0]?.resolve({ positions: { 'run/r': 1 } })
    await settle()
    writer.write(event('b'), () => undefined)
    await settle()
    expect(flights.map(({ batch }) => batch.fence)).toEqual([
      { leaseKey: 'session/s', token: 3 },
      { leaseKey: 'session/s', token: 3 },
    ])
    expect(new Set(flights.map(({ batch }) => batch.id)).size).toBe(2)
  })

  it('says once that an append failed, and tells nobody that an entry was committed', async () => {
    const { flights, writer, failures } = controlled()
    const committed: number[] = []
    writer.write(event('a'), (position) => committed.push(position))
    await settle()
    writer.write(event('b'), (position) => committed.push(position))
    const refusal = new Error('fenced')
    flights[0]?.reject(refusal)
    await settle()
    expect(failures).toEqual([refusal])
    expect(committed).toEqual([])
  })

  it('writes nothing more after it was stopped', async () => {
    const { flights, writer, failures } = controlled()
    const committed: number[] = []
    writer.write(event('a'), (position) => committed.push(position))
    await settle()
    writer.write(event('b'), (position) => committed.push(position))
    writer.stop()
    writer.write(event('c'), (position) => committed.push(position))
    flights[0]?.resolve({ positions: { 'run/r': 1 } })
    await settle()
    expect(flights).toHaveLength(1)
    expect([committed, failures]).toEqual([[], []])
  })

  it('gives the lease up in the batch that ends an attempt', async () => {
    const { flights, writer } = controlled()
    const expectations = [{ stream: 'inbox/r', position: 2 }]
    void writer.close({ event: event('end'), heads: [], expect: expectations })
    await settle()
    expect(flights[0]?.batch).toMatchObject({ fence: { token: 3, release: true }, expect: expectations })
  })
})

describe('commit', () => {
  it('wakes the readers of its streams after the commit and not before', async () => {
    const { flights, hub, deps } = controlled()
    const woken: string[] = []
    for (const stream of ['run/r', 'session/s', 'run/other']) hub.subscribe(stream, () => woken.push(stream))
    const entries = [{ type: 'x.y', at: 1, data: {} }]
    const done = commit(deps, {
      entries: [
        { stream: 'run/r', entries },
        { stream: 'session/s', entries },
      ],
    })
    await settle()
    expect(woken).toEqual([])
    flights[0]?.resolve({ positions: {} })
    await done
    expect(woken).toEqual(['run/r', 'session/s'])
  })

  it('wakes nobody when the append failed', async () => {
    const { flights, hub, deps } = controlled()
    const woken: string[] = []
    hub.subscribe('run/r', () => woken.push('run/r'))
    const done = commit(deps, { entries: [{ stream: 'run/r', entries: [] }] })
    flights[0]?.reject(new Error('full'))
    await expect(done).rejects.toThrow('full')
    expect(woken).toEqual([])
  })
})
