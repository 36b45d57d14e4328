import { hash } from 'node:crypto'
import { allErrorCodes } from '../errors/codes.ts'
import type { ErrorRecord } from '../errors/serialize.ts'
import type { RunEvent } from '../history/event.ts'
import type { Json, JsonObject } from '../ports/index.ts'
import { commonRules, redactionRules, type RedactionRule } from './redaction-rules.ts'

/** What stands where a value was removed. */
export const redacted = '[redacted]'

/** An event without content: the same fields, each either as it was or `'[redacted]'`. */
export interface AuditEvent {
  readonly type: RunEvent['type']
  readonly runId: string
  /** Absent on a transient event. */
  readonly position?: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly [field: string]: Json | undefined
}

/**
 * The one projection of events that may leave the store without care: ids, lineage, status, counts, usage and
 * error codes stay. What no rule names is removed, so a new field is hidden until somebody lists it.
 */
export function redactEvent(event: RunEvent): AuditEvent {
  const { type, runId, at, ...fields } = event
  const rules: Readonly<Record<string, RedactionRule>> = { ...redactionRules[type], ...commonRules }
  const kept: Record<string, Json | undefined> = {}
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) kept[name] = project(rules[name], value)
  return { type, runId, at, ...withoutMadeUpTool(kept) }
}

/** A call of a tool that does not exist has the name that a model wrote. */
function withoutMadeUpTool(kept: Record<string, Json | undefined>): Record<string, Json | undefined> {
  const { error, label } = kept as { readonly error?: Json; readonly label?: Json }
  if (!isObject(error) || !isObject(label) || error['code'] !== 'tool/not-found') return kept
  return { ...kept, label: { ...label, tool: redacted } }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function project(rule: RedactionRule | undefined, value: unknown): Json {
  if (rule === 'keep') return value as Json
  if (rule === 'hash') return typeof value === 'string' ? hash('sha256', value) : redacted
  if (rule === 'error') return redactError(value as ErrorRecord)
  if (rule instanceof RegExp) return typeof value === 'string' && rule.test(value) ? value : redacted
  if (rule === undefined || typeof value !== 'object' || value === null) return redacted
  const kept: Record<string, Json> = {}
  for (const [name, inner] of Object.entries(value))
    if (inner !== undefined) kept[name] = project(rule[name], inner)
  return kept
}

function redactError(error: ErrorRecord): Json {
  const { retryable } = error
  return {
    name: safeName(error.name),
    message: redacted,
    ...(error.code !== undefined && { code: errorType(error) }),
    ...(typeof retryable === 'boolean' && { retryable }),
    ...(error.meta !== undefined && { meta: redacted }),
  }
}

/**
 * The kind of a failure for logs, spans and metrics: a code of the table, or the name of an error class. Both of
 * a thrown value are user code's, so anything that is neither is `Error`.
 */
export function errorType(error: Pick<ErrorRecord, 'name' | 'code'>): string {
  return error.code !== undefined && knownCodes.has(error.code) ? error.code : safeName(error.name)
}

const knownCodes: ReadonlySet<string> = new Set(allErrorCodes)

/** The platform's classes by name, others by their form: whoever puts data into a name gets none of it out. */
function safeName(name: string): string {
  return /^[A-Z][A-Za-z]{0,47}(?:Error|Exception)$/.test(name) ? name : 'Error'
}
