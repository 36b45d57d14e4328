import { describe, expect, test } from 'vitest'
import { toSSE, type RunEvent } from '../src/index.ts'
import { collect, failureOf, gate, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

const decoder = new TextDecoder()

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  return (await collect(body)).map((chunk) => decoder.decode(chunk)).join('')
}

/** Frames as a client reads them. */
function framesOf(text: string): { id?: string; event?: string; data?: RunEvent; comment?: true }[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => {
      if (frame.startsWith(':')) return { comment: true }
      const fields = Object.fromEntries(
        frame.split('\n').map((line) => {
          const colon = line.indexOf(': ')
          return [line.slice(0, colon), line.slice(colon + 2)]
        }),
      )
      return { ...fields, data: JSON.parse(fields['data'] ?? 'null') as RunEvent }
    })
}

const committed = (position: number): RunEvent =>
  ({ type: 'step.finished', runId: 'r', position, at: 0, key: `k${position}` }) as unknown as RunEvent
const delta: RunEvent = {
  type: 'model.delta',
  runId: 'r',
  at: 0,
  key: 'm',
  attempt: 1,
  offset: 0,
  text: 'a\nb',
}

async function* listed(...events: readonly RunEvent[]): AsyncGenerator<RunEvent> {
  yield* events
}

describe('toSSE', () => {
  test('gives committed events their position as id, and transient ones none [EVT-27]', async () => {
    const text = await textOf(toSSE(listed(committed(1), delta, committed(2))))
    expect(text).toBe(
      `id: 1\nevent: step.finished\ndata: ${JSON.stringify(committed(1))}\n\n` +
        `event: model.delta\ndata: ${JSON.stringify(delta)}\n\n` +
        `id: 2\nevent: step.finished\ndata: ${JSON.stringify(committed(2))}\n\n`,
    )
    expect(framesOf(text).map(({ data }) => data)).toEqual([committed(1), delta, committed(2)])
  })

  test('goes on behind Last-Event-ID, from a handle and from an iterable [EVT-27]', async () => {
    const { harness, clock } = waitingHarness()
    const session = await harness.getSession('s')
    const handle = await session.workflows.quick.start(1)
    await clock.until(handle.result)
    const ids = async (lastEventId: string | null): Promise<(string | undefined)[]> =>
      framesOf(await textOf(toSSE(handle, { lastEventId }))).map(({ id }) => id)
    expect(await ids(null)).toEqual(['1', '2', '3'])
    expect(await ids('')).toEqual(['1', '2', '3'])
    expect(await ids('2')).toEqual(['3'])
    expect(await ids('3')).toEqual([])
    const rest = await textOf(toSSE(listed(committed(1), delta, committed(2)), { lastEventId: '1' }))
    expect(framesOf(rest).map(({ data }) => data)).toEqual([delta, committed(2)])
  })

  test.each(['x', '-1', '1.5', '1e3', ' 1', '9'.repeat(20)])('refuses the id %j', (lastEventId) => {
    expect(thrownBy(() => toSSE(listed(), { lastEventId }))).toMatchObject({
      code: 'validation/options',
      meta: { field: 'lastEventId' },
    })
  })

  test('refuses a negative heartbeat', () => {
    expect(thrownBy(() => toSSE(listed(), { heartbeatMs: -1 })).code).toBe('validation/options')
  })

  test('sends a comment after each silence, by the platform, and leaves no timer', async () => {
    const platform = manualPlatform()
    const { opened, open } = gate()
    async function* slow(): AsyncGenerator<RunEvent> {
      yield committed(1)
      await opened
      yield committed(2)
    }
    const reader = toSSE(slow(), { heartbeatMs: 1_000, platform }).getReader()
    const next = async (): Promise<string> => decoder.decode((await reader.read()).value)
    expect(await next()).toContain('id: 1\n')
    expect(platform.timers).toEqual([])
    const first = next()
    await platform.advance(1_000)
    expect(await first).toBe(':\n\n')
    const second = next()
    await platform.advance(1_000)
    expect(await second).toBe(':\n\n')
    // A client that takes nothing has at most one waiting.
    await platform.advance(10_000)
    open()
    expect(await next()).toBe(':\n\n')
    expect(await next()).toContain('id: 2\n')
    expect(await reader.read()).toEqual({ done: true, value: undefined })
    expect(platform.timers).toEqual([])
  })

  test('sends none with heartbeatMs 0', async () => {
    const platform = manualPlatform()
    const reader = toSSE(listed(committed(1)), { heartbeatMs: 0, platform }).getReader()
    const read = reader.read()
    expect(platform.timers).toEqual([])
    await read
  })

  test('reads one event when the client has taken the one before', async () => {
    let read = 0
    async function* counted(): AsyncGenerator<RunEvent> {
      for (let position = 1; ; position++) {
        read++
        yield committed(position)
      }
    }
    const body = toSSE(counted())
    await new Promise((resolve) => setImmediate(resolve))
    expect(read).toBe(0)
    const reader = body.getReader()
    await reader.read()
    await reader.read()
    await new Promise((resolve) => setImmediate(resolve))
    expect(read).toBe(2)
    await reader.cancel()
  })

  test('a client that leaves detaches its reader alone: the run goes on', async () => {
    const { harness, clock, outside } = waitingHarness()
    const session = await harness.getSession('s')
    const handle = await session.workflows.hold.start(null)
    const platform = manualPlatform()
    const reader = toSSE(handle, { platform }).getReader()
    expect(decoder.decode((await reader.read()).value)).toContain('event: run.started')
    const waiting = reader.read()
    await clock.settle()
    expect(platform.timers).toEqual([15_000])
    await reader.cancel()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(platform.timers).toEqual([])
    outside.release()
    expect(await clock.until(handle.result)).toBe('released')
  })

  test('ends after the failure of a run that stream() throws, and breaks when the run was refused', async () => {
    const { harness, clock } = waitingHarness()
    const session = await harness.getSession('s')
    const text = textOf(toSSE(session.workflows.fail.stream(null)))
    const frames = framesOf(await clock.until(text))
    expect(frames.at(-1)?.data).toMatchObject({ type: 'run.finished', outcome: 'failed' })
    const refused = textOf(toSSE(session.workflows.quick.stream(null, { timeoutMs: -1 })))
    expect((await failureOf(refused)).code).toBe('validation/options')
  })
})
