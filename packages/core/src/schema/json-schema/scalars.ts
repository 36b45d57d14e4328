import type { Json, JsonObject } from '../../ports/index.ts'
import { isStructurallyEqual } from '../structural-equality.ts'

/** What `type`, `enum`, `const` and the keywords of numbers and texts find. */
export function scalarFault(schema: JsonObject, value: unknown, patterns: boolean): string | undefined {
  const { type, enum: choices, const: only } = schema
  if (type !== undefined && !namesOf(type).some((name) => isOfType(value, name)))
    return `is not of type ${namesOf(type).join(' or ')}`
  if (Array.isArray(choices) && !choices.some((choice) => isStructurallyEqual(choice, value)))
    return 'is none of `enum`'
  if (only !== undefined && !isStructurallyEqual(only, value)) return 'is not `const`'
  if (typeof value === 'number') return numberFault(schema, value)
  return typeof value === 'string' ? textFault(schema, value, patterns) : undefined
}

function namesOf(type: Json): readonly string[] {
  return (Array.isArray(type) ? type : [type]) as readonly string[]
}

function isOfType(value: unknown, name: string): boolean {
  switch (name) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return Number.isFinite(value)
    default:
      return typeof value === name
  }
}

function numberFault(schema: JsonObject, value: number): string | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  if (typeof minimum === 'number' && value < minimum) return `is under ${minimum}`
  if (typeof maximum === 'number' && value > maximum) return `is over ${maximum}`
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
    return `is not over ${exclusiveMinimum}`
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
    return `is not under ${exclusiveMaximum}`
  if (typeof multipleOf === 'number' && !isMultiple(value, multipleOf))
    return `is no multiple of ${multipleOf}`
  return undefined
}

/** 0.29 is a multiple of 0.01 although the floating-point quotient is not whole. */
function isMultiple(value: number, of: number): boolean {
  const quotient = value / of
  return Math.abs(quotient - Math.round(quotient)) <= Number.EPSILON * 4 * Math.max(1, Math.abs(quotient))
}

/** Lengths count characters, not the halves of surrogate pairs. */
function textFault(schema: JsonObject, value: string, patterns: boolean): string | undefined {
  const { minLength, maxLength, pattern } = schema
  const length = minLength === undefined && maxLength === undefined ? 0 : Array.from(value).length
  if (typeof minLength === 'number' && length < minLength) return `is shorter than ${minLength}`
  if (typeof maxLength === 'number' && length > maxLength) return `is longer than ${maxLength}`
  if (patterns && typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value))
    return `does not match /${pattern}/`
  return undefined
}
