import { expect, it } from 'vitest'
import { readTraceContext } from '../../src/run/trace-context.ts'
import { collect } from '../fixtures/collect.ts'
import { recordingLogger } from '../fixtures/recording-logger.ts'
import { tracing } from '../fixtures/tracing.ts'
import { manualPlatform } from '../fixtures/manual-platform.ts'
import { storeOn } from '../fixtures/mortal-store.ts'
import { workflowsOf } from '../fixtures/waiting-harness.ts'
import { defineHarness } from '../../src/index.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const traceparent = `00-${traceId}-${spanId}-01`

function world() {
  const clock = manualPlatform()
  const sdk = tracing()
  const logger = recordingLogger()
  const store = { ...storeOn(clock), close: async () => undefined }
  const harnessOf = () =>
    defineHarness({
      name: 'test',
      models: {},
      workflows: workflowsOf({ ran: {}, failing: false, release: () => undefined }),
      store,
      platform: clock,
      logger,
      telemetry: sdk.telemetry,
    })
  return { clock, sdk, logger, harnessOf, harness: harnessOf() }
}

it('a valid traceparent with tracestate is the parent of the run [RUN-41]', async () => {
  const { clock, sdk, logger, harness } = world()
  const session = await harness.getSession('s')
  await clock.until(
    session.workflows.quick.run(null, { traceparent, tracestate: 'vendor=1', durable: { runId: 'r' } }),
  )
  const [run] = sdk.named('belay.run')
  expect(run?.parentSpanContext).toMatchObject({ traceId, spanId, traceFlags: 1, isRemote: true })
  expect(run?.spanContext()).toMatchObject({ traceId })
  expect(run?.spanContext().traceState?.serialize()).toBe('vendor=1')
  expect(logger.lines).toEqual([])
  const [started] = await collect(harness.runs.events('r'))
  expect(started).toMatchObject({
    trace: { traceparent: `00-${traceId}-${run?.spanContext().spanId}-01`, tracestate: 'vendor=1' },
  })
})

it.each([
  ['not hexadecimal', { traceparent: `00-${'z'.repeat(32)}-${spanId}-01` }, ['traceparent']],
  ['of another length', { traceparent: '00-1234-5678-01' }, ['traceparent']],
  ['upper case', { traceparent: traceparent.toUpperCase() }, ['traceparent']],
  ['a trace id of zeros', { traceparent: `00-${'0'.repeat(32)}-${spanId}-01` }, ['traceparent']],
  ['a parent id of zeros', { traceparent: `00-${traceId}-${'0'.repeat(16)}-01` }, ['traceparent']],
  ['the forbidden version', { traceparent: `ff-${traceId}-${spanId}-01` }, ['traceparent']],
  ['more fields than version 00 has', { traceparent: `${traceparent}-more` }, ['traceparent']],
  ['a line break behind it', { traceparent: `${traceparent}\n` }, ['traceparent']],
  ['not a string', { traceparent: 17 as unknown as string }, ['traceparent']],
  ['a tracestate alone', { tracestate: 'vendor=1' }, ['tracestate']],
])('%s is ignored with a warning and without the value [RUN-42]', async (_what, options, headers) => {
  const { clock, sdk, logger, harness } = world()
  const session = await harness.getSession('s')
  expect(await clock.until(session.workflows.quick.run(1, options))).toBe(1)
  expect(sdk.named('belay.run')[0]?.parentSpanContext).toBeUndefined()
  expect(logger.lines).toEqual(
    headers.map((header) => ({
      level: 'warn',
      message: 'invalid trace context is ignored',
      fields: { harness: 'test', code: 'INVALID_TRACE_CONTEXT', header, sessionId: 's' },
    })),
  )
})

it('an invalid tracestate is ignored alone [RUN-42]', async () => {
  const { clock, sdk, logger, harness } = world()
  const session = await harness.getSession('s')
  await clock.until(session.workflows.quick.run(1, { traceparent, tracestate: 'no member' }))
  expect(sdk.named('belay.run')[0]?.parentSpanContext).toMatchObject({ traceId, spanId })
  expect(logger.lines.map(({ fields }) => fields['header'])).toEqual(['tracestate'])
})

it('a later version may say more [RUN-41]', () => {
  expect(readTraceContext({ traceparent: `01-${traceId}-${spanId}-01-more` }).invalid).toEqual([])
  expect(readTraceContext({ traceparent, tracestate: '' })).toEqual({
    context: { traceparent },
    invalid: [],
  })
})

it.each([
  ['two members of one key', 'a=1,a=2'],
  ['33 members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
  ['more than 512 characters', `a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=${'x'.repeat(20)}`],
  ['an empty value', 'a='],
])('a tracestate with %s is invalid [RUN-42]', (_what, tracestate) => {
  expect(readTraceContext({ traceparent, tracestate }).invalid).toEqual(['tracestate'])
})

it('a call that goes on with a run gives the parent of the new attempt, which links to the first [RUN-41]', async () => {
  const { clock, sdk, harness, harnessOf } = world()
  const durable = { runId: 'r' }
  const session = await harness.getSession('s')
  await session.workflows.wait.start(null, { durable })
  await clock.advance(1_000)
  await harness.shutdown()
  const other = harnessOf()
  await other.runs.signal('r', 'go', 1)
  const again = await other.getSession('s')
  expect(await clock.until(again.workflows.wait.run(null, { durable, traceparent }))).toBe(1)
  const [first, second] = sdk.named('belay.run')
  expect(second?.parentSpanContext).toMatchObject({ traceId, spanId })
  expect(second?.links.map(({ context }) => context.spanId)).toEqual([first?.spanContext().spanId])
})
