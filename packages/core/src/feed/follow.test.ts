import { describe, expect, it } from 'vitest'
import type { RunEvent, TransientEvent } from '../history/event.ts'
import { inMemoryStore } from '../in-memory/in-memory-store.ts'
import { nodePlatform } from '../platform/node-platform.ts'
import type { Journal } from '../ports/index.ts'
import { createDeltas, type Deltas } from './deltas.ts'
import { follow, readerBuffer, type FollowSource } from './follow.ts'
import { createHub, type Hub } from './hub.ts'
import { commit } from './writer.ts'

/** A hub and deltas that know how many listen. */
function counted(): { readonly hub: Hub; readonly deltas: Deltas; readonly listeners: () => number } {
  const hub = createHub()
  const deltas = createDeltas()
  let listeners = 0
  const counting = (end: () => void): (() => void) => {
    listeners++
    return () => {
      listeners--
      end()
    }
  }
  return {
    hub: { wake: hub.wake, subscribe: (stream, onWake) => counting(hub.subscribe(stream, onWake)) },
    deltas: { ...deltas, subscribe: (sink) => counting(deltas.subscribe(sink)) },
    listeners: () => listeners,
  }
}

function run() {
  const { journal } = inMemoryStore()
  const platform = nodePlatform()
  const { hub, deltas, listeners } = counted()
  const source: FollowSource = { journal, hub, platform, runId: 'r', deltas, isLocal: () => true }
  const append = (...types: readonly [type: string, data?: object][]) =>
    commit(
      { journal, platform, hub },
      {
        entries: [
          {
            stream: 'run/r',
            entries: types.map(([type, data = {}]) => ({ type, at: 1, data: data as never })),
          },
        ],
      },
    )
  const delta = (text: string, key = 'm'): void =>
    deltas.emit({ type: 'model.delta', runId: 'r', at: 1, key, attempt: 1, offset: 0, text })
  return { source, append, delta, deltas, listeners, journal }
}

const finished = (outcome = 'succeeded'): [string, object] => ['run.finished', { outcome }]

async function collect(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

const positionsOf = (events: readonly RunEvent[]): number[] =>
  events.flatMap((event) => ('position' in event ? [event.position] : []))
const textOf = (event: TransientEvent | RunEvent | undefined): string | undefined =>
  event?.type === 'model.delta' ? event.text : undefined

describe('follow', () => {
  it('gives from every position the rest of the uncut stream [EVT-24]', async () => {
    const { source, append } = run()
    for (let index = 0; index < 1_200; index++) await append([`step.finished`, { key: `k${index}` }])
    await append(finished())
    const uncut = await collect(follow(source, 0))
    expect(positionsOf(uncut)).toEqual(Array.from({ length: 1_201 }, (_, index) => index + 1))
    for (const after of [1, 2, 199, 200, 201, 999, 1_000, 1_001, 1_199, 1_200]) {
      expect(await collect(follow(source, after))).toEqual(uncut.slice(after))
    }
  })

  it('gives what is committed while it waits, in order and once', async () => {
    const { source, append } = run()
    const all = collect(follow(source, 0))
    await append(['run.started'])
    await Promise.all([
      append(['step.finished', { key: 'a' }]),
      append(['step.finished', { key: 'b' }], ['step.finished', { key: 'c' }]),
    ])
    await append(finished())
    expect(positionsOf(await all)).toEqual([1, 2, 3, 4, 5])
  })

  it('goes on when the failed run was resumed meanwhile, and ends with the last outcome [EVT-3]', async () => {
    const { source, append } = run()
    await append(['run.started'], finished('failed'), ['run.resumed', { attempt: 2 }], finished())
    expect((await collect(follow(source, 0))).map(({ type }) => type)).toEqual([
      'run.started',
      'run.finished',
      'run.resumed',
      'run.finished',
    ])
  })

  it('goes on with a resume that it was woken for before it gave the failure', async () => {
    const { source, append } = run()
    await append(['run.started'])
    const reader = follow(source, 0)
    await reader.next()
    await append(finished('failed'))
    source.deltas?.emit({
      type: 'model.delta',
      runId: 'r',
      at: 1,
      key: 'm',
      attempt: 1,
      offset: 0,
      text: 'between',
    })
    await append(['run.resumed', { attempt: 2 }])
    await append(finished())
    const types = (await collect(reader)).map(({ type }) => type)
    expect(types).toEqual(['run.finished', 'model.delta', 'run.resumed', 'run.finished'])
  })

  it('goes on when the page ends with the failure of a run that was resumed', async () => {
    const { source, append } = run()
    for (let index = 0; index < 999; index++) await append(['step.finished'])
    await append(finished('failed'), ['run.resumed', { attempt: 2 }], finished())
    expect(positionsOf(await collect(follow(source, 990)))).toEqual([
      991, 992, 993, 994, 995, 996, 997, 998, 999, 1_000, 1_001, 1_002,
    ])
  })

  it('ends at once for whoever begins after the end', async () => {
    const { source, append } = run()
    await append(['run.started'], finished())
    expect(await collect(follow({ ...source, hasEnded: () => Promise.resolve(true) }, 2))).toEqual([])
  })

  it('merges transient events with committed ones as they happen', async () => {
    const { source, append, delta } = run()
    await append(['run.started'])
    const reader = follow(source, 0)
    expect((await reader.next()).value).toMatchObject({ position: 1 })
    delta('he')
    delta('llo')
    expect(textOf((await reader.next()).value as RunEvent)).toBe('he')
    expect(textOf((await reader.next()).value as RunEvent)).toBe('llo')
    await append(['model.finished'])
    delta('after')
    expect((await reader.next()).value).toMatchObject({ type: 'model.finished', position: 2 })
    expect(textOf((await reader.next()).value as RunEvent)).toBe('after')
  })

  it('gives a late reader the text under way from its beginning', async () => {
    const { source, delta, deltas } = run()
    delta('he', 'one')
    delta('llo', 'one')
    delta('gone', 'two')
    deltas.finished('two')
    expect((await follow(source, 0).next()).value).toMatchObject({
      type: 'model.delta',
      key: 'one',
      offset: 0,
      text: 'hello',
    })
  })

  it('drops only the oldest transient events of a slow reader and counts them once [EVT-12, EVT-14]', async () => {
    const { source, append, delta } = run()
    await append(['run.started'])
    const reader = follow(source, 0)
    await reader.next()
    for (let index = 0; index < readerBuffer + 7; index++) {
      delta(String(index))
      if (index % 100 === 0) await append(['step.finished'])
    }
    await append(finished())
    const rest = await collect(reader)
    const overflows = rest.filter((event) => event.type === 'stream.overflow')
    expect(overflows).toMatchObject([{ dropped: 7 }])
    expect(positionsOf(rest)).toEqual(Array.from({ length: 12 }, (_, index) => index + 2))
    const texts = rest.flatMap((event) => textOf(event) ?? [])
    expect(texts).toHaveLength(readerBuffer)
    expect(texts.slice(0, 2)).toEqual(['7', '8'])
  })

  it('detaches when the loop is left, at once and alone [EVT-16]', async () => {
    const { source, append, listeners } = run()
    await append(['run.started'])
    const other = follow(source, 0)
    await other.next()
    for await (const event of follow(source, 0)) if (event.type === 'run.started') break
    expect(listeners()).toBe(2)
    await append(finished())
    expect(positionsOf(await collect(other))).toEqual([2])
    expect(listeners()).toBe(0)
  })

  it('ends a waiting reader that is left, and gives nothing more [EVT-16]', async () => {
    const { source, append, listeners } = run()
    await append(['run.started'], ['step.finished'])
    const reader = follow(source, 0)
    await reader.next()
    await reader.return?.()
    expect(await reader.next()).toEqual({ done: true, value: undefined })
    const waiting = follow(source, 2)
    const next = waiting.next()
    await waiting.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(listeners()).toBe(0)
  })

  it('serves concurrent calls one after the other', async () => {
    const { source, append } = run()
    await append(['run.started'], ['step.finished'], finished())
    const reader = follow(source, 0)
    const all = await Promise.all([reader.next(), reader.next(), reader.next(), reader.next()])
    expect(positionsOf(all.flatMap(({ value, done }) => (done === true ? [] : [value])))).toEqual([1, 2, 3])
    expect(all[3]).toEqual({ done: true, value: undefined })
  })

  it('leaves nothing behind when the journal cannot be read', async () => {
    const { source, listeners } = run()
    const journal = { read: () => Promise.reject(new Error('io')) } as Partial<Journal> as Journal
    const reader = follow({ ...source, journal }, 0)
    await expect(reader.next()).rejects.toThrow('io')
    expect(listeners()).toBe(0)
  })

  it('ends with the harness', async () => {
    const { source, append, listeners } = run()
    await append(['run.started'])
    const closing = new AbortController()
    const reader = follow({ ...source, signal: closing.signal }, 0)
    await reader.next()
    const next = reader.next()
    closing.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(listeners()).toBe(0)
  })
})
