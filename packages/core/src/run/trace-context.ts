import type { TraceContext } from '../history/event.ts'

/** Version, trace id, parent id, flags. A later version may append fields, which this one leaves alone. */
const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

const maxMembers = 32
const maxLength = 512

const member =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** Trace context as a call gives it: what is valid of it, and the names of the headers that are not. */
export interface ReadTraceContext {
  readonly context: TraceContext | undefined
  readonly invalid: readonly ('traceparent' | 'tracestate')[]
}

/** Reads W3C trace context. `tracestate` means nothing without a valid `traceparent`. */
export function readTraceContext(given: {
  readonly traceparent?: unknown
  readonly tracestate?: unknown
}): ReadTraceContext {
  const hasState = given.tracestate !== undefined
  if (given.traceparent === undefined) return { context: undefined, invalid: hasState ? ['tracestate'] : [] }
  const parent =
    typeof given.traceparent === 'string' && isTraceparent(given.traceparent) ? given.traceparent : undefined
  if (parent === undefined) return { context: undefined, invalid: ['traceparent'] }
  if (!hasState) return { context: { traceparent: parent }, invalid: [] }
  const state = given.tracestate
  if (typeof state !== 'string' || !isTracestate(state))
    return { context: { traceparent: parent }, invalid: ['tracestate'] }
  return { context: { traceparent: parent, ...(state !== '' && { tracestate: state }) }, invalid: [] }
}

function isTraceparent(text: string): boolean {
  const [, version, traceId = '', spanId = '', , more] = traceparent.exec(text) ?? []
  if (version === undefined || version === 'ff') return false
  if (version === '00' && more !== undefined) return false
  return !/^0+$/.test(traceId) && !/^0+$/.test(spanId)
}

function isTracestate(text: string): boolean {
  if (text.length > maxLength) return false
  const members = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  if (members.length > maxMembers || !members.every((each) => member.test(each))) return false
  return new Set(members.map((each) => each.slice(0, each.indexOf('=')))).size === members.length
}
