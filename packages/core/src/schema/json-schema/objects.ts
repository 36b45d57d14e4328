import type { Json, JsonObject } from '../../ports/index.ts'
import type { Descend, JsonSchema } from './validate.ts'

type Fields = Readonly<Record<string, unknown>>

/** How what is in an object is checked. */
interface Inner {
  readonly descend: Descend
  readonly patterns: boolean
}

/** What the keywords of objects find. */
export function objectFault(schema: JsonObject, value: Fields, inner: Inner): string | undefined {
  const { descend } = inner
  const keys = Object.keys(value)
  const { minProperties, maxProperties, propertyNames } = schema
  if (typeof minProperties === 'number' && keys.length < minProperties)
    return `has fewer than ${minProperties} properties`
  if (typeof maxProperties === 'number' && keys.length > maxProperties)
    return `has more than ${maxProperties} properties`
  if (
    propertyNames !== undefined &&
    keys.some((key) => descend(propertyNames as JsonSchema, key) !== undefined)
  )
    return 'has a property whose name is not allowed'
  return requiredFault(schema, value) ?? propertyFault(schema, value, inner)
}

function requiredFault({ required, dependentRequired }: JsonObject, value: Fields): string | undefined {
  const missing = (names: Json | undefined): string | undefined =>
    (Array.isArray(names) ? (names as readonly string[]) : []).find((name) => !Object.hasOwn(value, name))
  const lacking = missing(required)
  if (lacking !== undefined) return `lacks ${JSON.stringify(lacking)}`
  for (const [name, names] of entriesOf(dependentRequired)) {
    const other = Object.hasOwn(value, name) ? missing(names) : undefined
    if (other !== undefined) return `lacks ${JSON.stringify(other)}, which ${JSON.stringify(name)} needs`
  }
  return undefined
}

function propertyFault(
  schema: JsonObject,
  value: Fields,
  { descend, patterns: asked }: Inner,
): string | undefined {
  const { properties, additionalProperties, dependentSchemas } = schema
  const written = entriesOf(schema['patternProperties'])
  const patterns = asked ? written.map(([pattern, inner]) => [new RegExp(pattern, 'u'), inner] as const) : []
  // Where patterns are not asked, any other name may be one that they allow.
  const others = asked || written.length === 0 ? additionalProperties : undefined
  const named = new Map(entriesOf(properties))
  for (const [key, item] of Object.entries(value)) {
    const inner = [
      ...(named.has(key) ? [named.get(key) as JsonSchema] : []),
      ...patterns.filter(([pattern]) => pattern.test(key)).map(([, matching]) => matching),
    ]
    if (inner.length === 0 && others !== undefined) inner.push(others as JsonSchema)
    for (const one of inner) {
      const fault = descend(one, item, key)
      if (fault !== undefined) return fault
    }
  }
  for (const [name, inner] of entriesOf(dependentSchemas)) {
    const fault = Object.hasOwn(value, name) ? descend(inner, value) : undefined
    if (fault !== undefined) return fault
  }
  return undefined
}

function entriesOf(value: Json | undefined): readonly (readonly [string, JsonSchema])[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (Object.entries(value) as [string, JsonSchema][])
    : []
}
