import type { SkillInit } from '@belay/core/ports'
import { invalidFault } from './faults.ts'
import type { Field } from './front-matter.ts'

/** The fields of a skill that stand in its front matter. */
export type SkillFields = Omit<SkillInit, 'instructions' | 'files'>

const known = ['name', 'description', 'license', 'compatibility', 'metadata', 'allowed-tools'] as const

/** Names that people write for one of ours. */
const meant = new Map(
  Object.entries({
    licence: 'license',
    allowed_tools: 'allowed-tools',
    allowedTools: 'allowed-tools',
    tools: 'allowed-tools',
    title: 'name',
  }),
)

/** Reads the fields strictly: one that is unknown, missing or of another form is refused by name. */
export function readSkillFields(path: string, fields: ReadonlyMap<string, Field>): SkillFields {
  const fail = (field: string, what: string): never => {
    const line = fields.get(field)?.line
    throw invalidFault(path, what, { field, reason: 'field', ...(line !== undefined && { line }) })
  }
  for (const name of fields.keys()) {
    if (known.some((field) => field === name)) continue
    const instead = meant.has(name) ? `write "${meant.get(name)}"` : `known are ${known.join(', ')}`
    fail(name, `the field ${JSON.stringify(name)} is not known; ${instead}.`)
  }
  const text = (field: string): string | undefined => {
    const value = fields.get(field)?.value
    if (!fields.has(field) || typeof value === 'string') return value as string | undefined
    return fail(field, `the field "${field}" has to be a text; put it in quotes.`)
  }
  const required = (field: string): string => text(field) ?? fail(field, `the field "${field}" is missing.`)
  const name = required('name')
  const description = required('description')
  const license = text('license')
  const compatibility = text('compatibility')
  const metadata = metadataOf(fields.get('metadata'), (what) => fail('metadata', what))
  const allowedTools = toolsOf(fields.get('allowed-tools'), (what) => fail('allowed-tools', what))
  return {
    name,
    description,
    ...(license !== undefined && { license }),
    ...(compatibility !== undefined && { compatibility }),
    ...(metadata !== undefined && { metadata }),
    ...(allowedTools !== undefined && { allowedTools }),
  }
}

function metadataOf(
  field: Field | undefined,
  fail: (what: string) => never,
): Readonly<Record<string, string>> | undefined {
  if (field === undefined) return undefined
  const { value } = field
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail('the field "metadata" has to be names and texts.')
  for (const [name, item] of Object.entries(value))
    if (typeof item !== 'string') fail(`the value of "metadata.${name}" has to be a text; put it in quotes.`)
  return value as Readonly<Record<string, string>>
}

/** Names with blanks or commas between them, or a list. A pattern in parentheses may hold blanks. */
function toolsOf(field: Field | undefined, fail: (what: string) => never): readonly string[] | undefined {
  if (field === undefined) return undefined
  const { value } = field
  if (typeof value === 'string') return value.match(/[^\s,(]+(?:\([^)]*\))?|[^\s,]/g) ?? []
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value
  return fail('the field "allowed-tools" has to be names of tools.')
}
