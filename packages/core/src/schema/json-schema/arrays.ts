import type { JsonObject } from '../../ports/index.ts'
import { isStructurallyEqual } from '../structural-equality.ts'
import type { Descend, JsonSchema } from './validate.ts'

/** What the keywords of arrays find. */
export function arrayFault(
  schema: JsonObject,
  value: readonly unknown[],
  descend: Descend,
): string | undefined {
  const { minItems, maxItems, uniqueItems } = schema
  if (typeof minItems === 'number' && value.length < minItems) return `has fewer than ${minItems} items`
  if (typeof maxItems === 'number' && value.length > maxItems) return `has more than ${maxItems} items`
  if (uniqueItems === true && hasTwins(value)) return 'has two equal items'
  return itemFault(schema, value, descend) ?? containsFault(schema, value, descend)
}

function itemFault(schema: JsonObject, value: readonly unknown[], descend: Descend): string | undefined {
  const { prefixItems, items } = schema
  const first = Array.isArray(prefixItems) ? (prefixItems as readonly JsonSchema[]) : []
  for (const [index, item] of value.entries()) {
    const inner = first[index] ?? (items as JsonSchema | undefined)
    const fault = inner === undefined ? undefined : descend(inner, item, String(index))
    if (fault !== undefined) return fault
  }
  return undefined
}

function containsFault(schema: JsonObject, value: readonly unknown[], descend: Descend): string | undefined {
  const { contains, minContains = 1, maxContains } = schema
  if (contains === undefined) return undefined
  const count = value.filter((item) => descend(contains as JsonSchema, item) === undefined).length
  if (count < Number(minContains)) return `contains ${count} of what \`contains\` asks for`
  return typeof maxContains === 'number' && count > maxContains
    ? `contains ${count} of what \`contains\` allows ${maxContains} times`
    : undefined
}

function hasTwins(value: readonly unknown[]): boolean {
  return value.some((item, index) => value.slice(index + 1).some((other) => isStructurallyEqual(item, other)))
}
