import { z } from 'zod'
import { HarnessError } from '../errors/harness-error.ts'

/** Names of definitions: they become parts of step keys, so the same characters. */
const namePattern = /^[A-Za-z0-9_.:-]{1,64}$/

/** Tool names are shorter in alphabet because every provider has to accept them. */
const toolNamePattern = /^[A-Za-z0-9_-]{1,64}$/

/** A lone surrogate cannot be stored and read back equal. */
const wellFormed = z.string().refine((text) => text.isWellFormed(), 'use well-formed Unicode')

const wholeNumber = z.int().min(0)
const atLeastOne = z.int().min(1)

/** Fields that several definitions share, each with its rule. */
const fields = {
  name: z.string().regex(namePattern, 'use 1 to 64 of A-Z a-z 0-9 _ . : -'),
  toolName: z.string().regex(toolNamePattern, 'use 1 to 64 of A-Z a-z 0-9 _ -'),
  version: z.string().min(1).max(64),
  description: z.string().min(1, 'say in a sentence what it is for'),
  count: atLeastOne,
  limit: wholeNumber,
  price: z.number().min(0, 'pass a finite number of at least 0'),
  positive: z.number().gt(0, 'pass a finite number above 0'),
  timeoutMs: z.number().min(0, '0 is no limit, more is a limit in milliseconds'),
  historyWindow: wholeNumber,
  effect: z.enum(['read', 'idempotent', 'once']),
  workspace: z.literal('write', "pass 'write', or leave it out"),
  access: z.enum(['read', 'write'], "pass 'read' or 'write', or leave it out"),
  runId: z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'use 1 to 128 of A-Z a-z 0-9 _ . : -'),
  // A stream name is at most 200 characters, and the session's own begins with a prefix.
  sessionId: z
    .string()
    .regex(/^[^\p{Cc}\p{Cs}]{1,180}$/u, 'use 1 to 180 characters without control characters'),
  finalStates: z.array(z.enum(['succeeded', 'failed', 'cancelled'])),
  runStates: z.array(z.enum(['running', 'suspended', 'failed', 'succeeded', 'cancelled'])),
  flag: z.boolean(),
  longRetry: z.enum(['fail', 'defer']),
  history: z.enum(['session', 'own']),
  permission: z.enum(['allow', 'deny', 'ask']),
  decision: z.enum(['allow', 'deny']),
  shortText: wellFormed.max(200),
  text: wellFormed.max(1_000),
  factor: z.number().min(1),
  signal: z.custom((value) => value instanceof AbortSignal, 'pass an AbortSignal'),
} as const

/** A rule for one field. */
export type FieldRule = keyof typeof fields

/** The first field that breaks its rule; absent ones are left to their defaults. */
export function findInvalid(
  value: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, FieldRule>>,
): { readonly field: string; readonly why: string } | undefined {
  for (const field in rules) {
    const rule = rules[field]
    if (rule === undefined || value[field] === undefined) continue
    const result = fields[rule].safeParse(value[field])
    if (!result.success) return { field, why: result.error.issues[0]?.message ?? '' }
  }
  return undefined
}

/** Checks named fields. Throws `config/definition` that says what and where. */
export function checkFields(
  what: string,
  value: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, FieldRule>>,
): void {
  const found = findInvalid(value, rules)
  if (found !== undefined) invalidDefinition(`${what}: ${found.field} is not valid: ${found.why}`)
}

/** Refuses a definition that lacks a field without a default. */
export function requireFields(
  what: string,
  value: Readonly<Record<string, unknown>>,
  names: readonly string[],
): void {
  const missing = names.find((name) => value[name] === undefined)
  if (missing !== undefined) invalidDefinition(`${what}: ${missing} is missing.`)
}

/** Checks options of a call. Throws `validation/options`. */
export function checkOptions(
  what: string,
  value: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, FieldRule>>,
): void {
  const found = findInvalid(value, rules)
  if (found !== undefined) invalidOption(what, found.field, found.why)
}

/** Refuses an option of a call. */
export function invalidOption(what: string, field: string, why: string): never {
  throw new HarnessError({
    code: 'validation/options',
    message: `${what}: ${field} is not valid: ${why}`,
    meta: { field },
  })
}

/** Requires a function. */
export function checkFunction(what: string, field: string, value: unknown): void {
  if (typeof value !== 'function') invalidDefinition(`${what}: ${field} must be a function.`)
}

/** Requires a Standard Schema when there is a value. */
export function checkSchema(what: string, field: string, value: unknown): void {
  if (value === undefined) return
  const { '~standard': standard } = Object(value) as {
    readonly '~standard'?: { readonly validate?: unknown }
  }
  if (typeof standard?.validate === 'function') return
  invalidDefinition(
    `${what}: ${field} must be a schema of a Standard Schema library, such as z.object({ … }) of zod 4.`,
  )
}

/** Refuses a definition. */
export function invalidDefinition(message: string): never {
  throw new HarnessError({ code: 'config/definition', message })
}
