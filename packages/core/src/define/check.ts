import { z } from 'zod'
import { HarnessError } from '../errors/harness-error.ts'

/** Names of definitions: they become parts of step keys, so the same characters. */
const namePattern = /^[A-Za-z0-9_.:-]{1,64}$/

/** Tool names are shorter in alphabet because every provider has to accept them. */
const toolNamePattern = /^[A-Za-z0-9_-]{1,64}$/

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
  timeoutMs: z.number().min(0, '0 is no limit, more is a limit in milliseconds'),
  historyWindow: wholeNumber,
  effect: z.enum(['read', 'idempotent', 'once']),
} as const

/** A rule for one field. */
export type FieldRule = keyof typeof fields

/** Checks named fields; absent ones are left to their defaults. Throws `config/definition` that says what and where. */
export function checkFields(
  what: string,
  value: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, FieldRule>>,
): void {
  for (const [field, rule] of Object.entries(rules)) {
    if (value[field] === undefined) continue
    const result = fields[rule].safeParse(value[field])
    if (!result.success)
      invalidDefinition(`${what}: ${field} is not valid: ${result.error.issues[0]?.message ?? ''}`)
  }
}

/** Checks options of a call. Throws `validation/options`. */
export function checkOptions(
  what: string,
  value: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, FieldRule>>,
): void {
  for (const [field, rule] of Object.entries(rules)) {
    if (value[field] === undefined) continue
    const result = fields[rule].safeParse(value[field])
    if (result.success) continue
    throw new HarnessError({
      code: 'validation/options',
      message: `${what}: ${field} is not valid: ${result.error.issues[0]?.message ?? ''}`,
      meta: { field },
    })
  }
}

/** Requires a function. */
export function checkFunction(what: string, field: string, value: unknown): void {
  if (typeof value !== 'function') invalidDefinition(`${what}: ${field} must be a function.`)
}

/** Requires a Standard Schema when there is a value. */
export function checkSchema(what: string, field: string, value: unknown): void {
  if (value === undefined) return
  const standard = (value as { '~standard'?: { validate?: unknown } } | null)?.['~standard']
  if (typeof standard?.validate === 'function') return
  invalidDefinition(
    `${what}: ${field} must be a schema of a Standard Schema library, such as z.object({ … }) of zod 4.`,
  )
}

/** Refuses a definition. */
export function invalidDefinition(message: string): never {
  throw new HarnessError({ code: 'config/definition', message })
}
