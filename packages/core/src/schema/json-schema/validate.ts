import type { Json, JsonObject } from '../../ports/index.ts'
import { arrayFault } from './arrays.ts'
import { objectFault } from './objects.ts'
import { resolveRef } from './references.ts'
import { scalarFault } from './scalars.ts'

/** A schema of draft 2020-12: an object of keywords, or a boolean. */
export type JsonSchema = JsonObject | boolean

/** How a schema of somebody else is kept from holding the process up. */
export interface SchemaLimits {
  /** Schemas looked at and values compared, in all. Past that a `TypeError` is thrown. */
  readonly work: number
  /** `false`: what a pattern decides is let through, because an expression can take as long as it likes. */
  readonly patterns: boolean
}

/** What checking one value needs. */
interface SchemaCheck {
  readonly root: JsonSchema
  readonly patterns: boolean
  readonly spend: (work: number) => void
  /** Where the value is, as a JSON Pointer. */
  readonly path: string
  readonly depth: number
}

/** Checks a value below or beside the current one against a schema. */
export type Descend = (schema: JsonSchema, value: unknown, part?: string) => string | undefined

/** References that lead to themselves come to an end here; stored JSON is at most 256 levels deep. */
const maxDepth = 1_000

/** What is wrong with a value, as one sentence with the place; `undefined` when it is valid. */
export function schemaFault(schema: JsonSchema, value: unknown, limits?: SchemaLimits): string | undefined {
  let left = limits?.work ?? Infinity
  const spend = (work: number): void => {
    left -= work
    if (left < 0) throw new TypeError('the schema takes too long to check')
  }
  return faultAt(schema, value, {
    root: schema,
    patterns: limits?.patterns ?? true,
    spend,
    path: '',
    depth: 0,
  })
}

function faultAt(schema: JsonSchema, value: unknown, check: SchemaCheck): string | undefined {
  const here = (what: string): string => `the value at "${check.path}" ${what}`
  check.spend(workOf(schema, value))
  if (check.depth > maxDepth) return here('refers to itself without an end')
  if (typeof schema === 'boolean') return schema ? undefined : here('is not allowed')
  const descend: Descend = (inner, below, part) =>
    faultAt(inner, below, {
      ...check,
      path:
        part === undefined ? check.path : `${check.path}/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      depth: check.depth + 1,
    })
  const own = scalarFault(schema, value, check.patterns)
  if (own !== undefined) return here(own)
  if (Array.isArray(value)) {
    const fault = arrayFault(schema, value, descend)
    if (fault !== undefined) return fault.startsWith('the value at ') ? fault : here(fault)
  } else if (typeof value === 'object' && value !== null) {
    const fault = objectFault(schema, value as Readonly<Record<string, unknown>>, {
      descend,
      patterns: check.patterns,
    })
    if (fault !== undefined) return fault.startsWith('the value at ') ? fault : here(fault)
  }
  return referenceFault(schema, value, check.root, descend) ?? combinedFault(schema, value, descend, here)
}

/** What one schema costs beside the schemas in it: lists of choices are gone through, twins looked for in pairs. */
function workOf(schema: JsonSchema, value: unknown): number {
  if (typeof schema === 'boolean') return 1
  const choices = Array.isArray(schema['enum']) ? schema['enum'].length : 0
  const pairs = schema['uniqueItems'] === true && Array.isArray(value) ? value.length ** 2 : 0
  return 1 + choices + pairs
}

function referenceFault(
  schema: JsonObject,
  value: unknown,
  root: JsonSchema,
  descend: Descend,
): string | undefined {
  const ref = schema['$ref']
  return typeof ref === 'string' ? descend(resolveRef(root, ref), value) : undefined
}

function combinedFault(
  schema: JsonObject,
  value: unknown,
  descend: Descend,
  here: (what: string) => string,
): string | undefined {
  const fits = (inner: Json | undefined): boolean => descend(inner as JsonSchema, value) === undefined
  const { allOf, anyOf, oneOf, not, if: condition, then, else: otherwise } = schema
  for (const inner of listOf(allOf)) {
    const fault = descend(inner, value)
    if (fault !== undefined) return fault
  }
  if (anyOf !== undefined && !listOf(anyOf).some(fits)) return here('fits none of anyOf')
  if (oneOf !== undefined) {
    const count = listOf(oneOf).filter(fits).length
    if (count !== 1) return here(`fits ${count} of oneOf instead of one`)
  }
  if (not !== undefined && fits(not)) return here('fits what `not` excludes')
  if (condition === undefined) return undefined
  const branch = fits(condition) ? then : otherwise
  return branch === undefined ? undefined : descend(branch as JsonSchema, value)
}

const listOf = (value: Json | undefined): readonly JsonSchema[] =>
  Array.isArray(value) ? (value as readonly JsonSchema[]) : []
