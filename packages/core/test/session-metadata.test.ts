import { describe, expect, test } from 'vitest'
import { failureOf } from './fixtures/collect.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

describe('the metadata of a session', () => {
  test('is kept and read back, here and in another process [SES-3]', async () => {
    const { harness, harnessOf } = waitingHarness()
    const metadata = { tenantId: 't', tags: ['a', { b: null }] }
    const session = await harness.getSession('s', { metadata })
    expect(session.metadata).toEqual(metadata)
    expect((await harness.getSession('s')).metadata).toEqual(metadata)
    const elsewhere = await harnessOf({ owner: 'process-2' }).getSession('s')
    expect(elsewhere.metadata).toEqual(metadata)
    expect((await harness.getSession('other')).metadata).toEqual({})
  })

  test('is frozen, and a copy of what was given', async () => {
    const { harness } = waitingHarness()
    const metadata = { list: [1] }
    const session = await harness.getSession('s', { metadata })
    metadata.list.push(2)
    expect(session.metadata).toEqual({ list: [1] })
    expect(() => (session.metadata as { list: number[] }).list.push(3)).toThrow(TypeError)
  })

  test('given again replaces what was kept, whole; the newest call counts', async () => {
    const { harness, harnessOf } = waitingHarness()
    const [first, second] = await Promise.all([
      harness.getSession('s', { metadata: { plan: 'free', a: 1 } }),
      harness.getSession('s', { metadata: { plan: 'pro' } }),
    ])
    expect(first).toBe(second)
    expect(first.metadata).toEqual({ plan: 'pro' })
    expect((await harnessOf({ owner: 'process-2' }).getSession('s')).metadata).toEqual({ plan: 'pro' })
  })

  test('may be any JSON and may change while a run executes; runs have their own', async () => {
    const { harness, clock, outside } = waitingHarness()
    const session = await harness.getSession('s', { metadata: 'text' })
    const run = session.workflows.hold.run(null, { metadata: { of: 'run' } })
    await clock.settle()
    await harness.getSession('s', { metadata: [1, 2] })
    outside.release()
    expect(await clock.until(run)).toBe('released')
    expect(session.metadata).toEqual([1, 2])
    const [info] = await harness.runs.list({ sessionId: 's' })
    const [started] = [await harness.runs.events(info?.runId ?? '').next()]
    expect(started.value).toMatchObject({ type: 'run.started', metadata: { of: 'run' } })
  })

  test('that cannot be stored, or is too large, is refused, and what was kept stays', async () => {
    const { harness, harnessOf } = waitingHarness()
    await harness.getSession('s', { metadata: { kept: true } })
    for (const [metadata, code] of [
      [{ a: Number.NaN }, 'validation/value'],
      [new Date(0), 'validation/value'],
      ['x'.repeat(8_000), 'validation/options'],
      ['é'.repeat(4_000), 'validation/options'],
    ] as const) {
      expect((await failureOf(harness.getSession('s', { metadata: metadata as never }))).code).toBe(code)
    }
    expect((await harnessOf({ owner: 'process-2' }).getSession('s')).metadata).toEqual({ kept: true })
  })
})
