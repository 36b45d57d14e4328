import { record } from '../errors/error-facts.ts'

/**
 * Whether a schema keeps the rules of OpenAI's strict mode: every object lists all its properties as required
 * and allows no others. A request with `strict` and another schema is refused, so it is asked for only then.
 */
export function isStrictSchema(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictSchema)
  const node = record(schema)
  if (!node) return true
  const properties = record(node['properties'])
  if (properties || node['type'] === 'object') {
    const required = new Set(Array.isArray(node['required']) ? node['required'] : [])
    if (node['additionalProperties'] !== false) return false
    if (Object.keys(properties ?? {}).some((name) => !required.has(name))) return false
  }
  const parts = [properties, record(node['$defs']), record(node['definitions'])].flatMap((map) =>
    Object.values(map ?? {}),
  )
  return isStrictSchema([
    ...parts,
    node['items'],
    node['anyOf'],
    node['allOf'],
    node['oneOf'],
    node['prefixItems'],
  ])
}
