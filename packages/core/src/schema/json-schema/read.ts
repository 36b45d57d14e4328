import type { Json, JsonObject } from '../../ports/index.ts'
import { writePointer } from '../json-pointer.ts'
import { resolveRef } from './references.ts'
import type { JsonSchema } from './validate.ts'

/** Every keyword that is known, by the form of its value. What only describes a value is let through. */
const keywordsByShape = {
  any: [
    ...['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples', 'deprecated'],
    ...['readOnly', 'writeOnly', 'format', 'contentEncoding', 'contentMediaType', 'contentSchema', 'const'],
  ],
  schema: ['items', 'contains', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else'],
  schemas: ['prefixItems', 'allOf', 'anyOf', 'oneOf'],
  schemaMap: ['$defs', 'definitions', 'properties', 'patternProperties', 'dependentSchemas'],
  number: ['multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  count: [
    ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minContains', 'maxContains'],
    ...['minProperties', 'maxProperties'],
  ],
  text: ['$ref', 'pattern'],
  flag: ['uniqueItems'],
  names: ['required'],
  nameLists: ['dependentRequired'],
  type: ['type'],
  list: ['enum'],
} as const

type Shape = keyof typeof keywordsByShape

const keywords: ReadonlyMap<string, Shape> = new Map(
  Object.entries(keywordsByShape).flatMap(([shape, names]) => names.map((name) => [name, shape as Shape])),
)

const types = new Set(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'])

/**
 * Looks through a schema before it is used: a misspelled keyword would let everything pass, and a reference or a
 * pattern that is wrong would only show at the value that needs it. Throws a `TypeError` that says where.
 */
export function readSchema(root: JsonSchema): { readonly hasPatterns: boolean } {
  let hasPatterns = false
  const visit = (schema: Json, parts: readonly string[]): void => {
    const at = `JSON Schema at "${writePointer(parts)}"`
    if (typeof schema === 'boolean') return
    if (!isObject(schema)) throw new TypeError(`${at}: a schema is an object, true or false.`)
    for (const [keyword, value] of Object.entries(schema)) {
      const shape = keywords.get(keyword)
      if (shape === undefined) throw new TypeError(`${at}: the keyword "${keyword}" is not known.`)
      if (!hasShape(value, shape)) throw new TypeError(`${at}: "${keyword}" has a value of the wrong form.`)
      if (keyword === '$ref') resolveRef(root, value as string)
      const patterns = patternsOf(keyword, value)
      hasPatterns ||= patterns.length > 0
      for (const pattern of patterns) checkPattern(pattern, at)
      const below = [...parts, keyword]
      if (shape === 'schema') visit(value, below)
      if (shape === 'schemas')
        for (const [index, inner] of listOf(value).entries()) visit(inner, [...below, String(index)])
      if (shape === 'schemaMap')
        for (const [name, inner] of Object.entries(value as JsonObject)) visit(inner, [...below, name])
    }
  }
  visit(root, [])
  return { hasPatterns }
}

function hasShape(value: Json, shape: Shape): boolean {
  switch (shape) {
    case 'number':
      return typeof value === 'number'
    case 'count':
      return Number.isInteger(value) && Number(value) >= 0
    case 'text':
      return typeof value === 'string'
    case 'flag':
      return typeof value === 'boolean'
    case 'list':
      return Array.isArray(value)
    case 'names':
      return isNames(value)
    case 'nameLists':
      return isObject(value) && Object.values(value).every(isNames)
    case 'type':
      return listOf(Array.isArray(value) ? value : [value]).every(
        (name) => typeof name === 'string' && types.has(name),
      )
    case 'schemas':
      return Array.isArray(value) && value.length > 0
    case 'schemaMap':
      return isObject(value)
    default:
      return true
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNames = (value: Json): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [])

function patternsOf(keyword: string, value: Json): readonly string[] {
  if (keyword === 'pattern') return [value as string]
  return keyword === 'patternProperties' ? Object.keys(value as JsonObject) : []
}

function checkPattern(pattern: string, at: string): void {
  try {
    RegExp(pattern, 'u')
  } catch (cause) {
    throw new TypeError(`${at}: the pattern "${pattern}" is not a regular expression.`, { cause })
  }
}
