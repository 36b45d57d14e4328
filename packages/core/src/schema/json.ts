import { hash } from 'node:crypto'
import { HarnessError } from '../errors/harness-error.ts'
import type { Json } from '../ports/index.ts'

/**
 * Deeper values are refused: JSON.parse accepts any depth while JSON.stringify overflows the stack at some
 * thousands, so a bound far below that keeps both directions safe.
 */
export const maxJsonDepth = 256

/**
 * The JSON text of a value that can be read back equal. Everything that JSON would change silently is
 * refused with the path to it: NaN, infinities, -0, bigints, symbols, functions, `undefined` in arrays,
 * class instances such as Date and Map, cycles, lone surrogates. A property that is `undefined` counts as
 * absent.
 */
export function toJsonText(value: unknown, what: string): string {
  try {
    if (!isStorable(value, 0)) check(value, what, [], 0)
    return JSON.stringify(value)
  } catch (error) {
    if (HarnessError.is(error, 'validation/value')) throw error
    // A getter or a proxy is code of its own.
    throw new HarnessError({
      code: 'validation/value',
      message: `${what} cannot be stored and read back equal: reading it threw. Return plain JSON.`,
      meta: { path: '', found: 'a value that throws when it is read' },
      cause: error,
    })
  }
}

/** A copy of a value as it will be read back. */
export function toJson(value: unknown, what: string): Json {
  return JSON.parse(toJsonText(value, what)) as Json
}

/** A copy of a value as it will be read back, which nobody can change. */
export function toFrozenJson(value: unknown, what: string): Json {
  return freeze(toJson(value, what))
}

function freeze(value: Json): Json {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) freeze(item)
    Object.freeze(value)
  }
  return value
}

/** The JSON text with sorted keys, for hashes that must not depend on the order of keys. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.keys(value)
    .filter((key) => (value as Record<string, unknown>)[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson((value as Record<string, unknown>)[key])}`)
  return `{${fields.join(',')}}`
}

/** A short content hash of a JSON value: 128 bits of SHA-256, base64url. */
export function hashJson(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'base64url').slice(0, 22)
}

/**
 * The common answer, found without building a path: nearly every value can be stored. A `false` may be wrong (an
 * enumerable property of a changed prototype), so `check` decides then.
 */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return isPlainScalar(value)
  if (depth >= maxJsonDepth) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isStorable(value[index], depth + 1)) return false
    }
    return prototype === Array.prototype && Object.keys(value).length === value.length
  }
  if (prototype !== Object.prototype && prototype !== null) return false
  if (Object.getOwnPropertySymbols(value).length > 0) return false
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key]
    if (item !== undefined && !(key.isWellFormed() && isStorable(item, depth + 1))) return false
  }
  return true
}

type Path = readonly (string | number)[]

function check(value: unknown, what: string, path: Path, depth: number): void {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) refuse(what, path, 'a string with a lone surrogate')
      return
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) refuse(what, path, String(value))
      if (Object.is(value, -0)) refuse(what, path, '-0')
      return
    case 'object':
      if (value !== null) checkObject(value, what, path, depth)
      return
    default:
      refuse(what, path, typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`)
  }
}

function checkObject(value: object, what: string, path: Path, depth: number): void {
  if (depth >= maxJsonDepth) refuse(what, path.slice(0, 8), `a cycle or more than ${maxJsonDepth} levels`)
  if (Array.isArray(value)) {
    // Of any realm: the prototype of a plain array is an array itself, that of a subclass is not.
    if (!Array.isArray(Object.getPrototypeOf(value))) refuse(what, path, `an instance of ${className(value)}`)
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index]
      if (!isPlainScalar(item)) check(item, what, [...path, index], depth + 1)
    }
    if (Object.keys(value).length > value.length) refuse(what, path, 'an array with properties of its own')
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null && !isForeignPlainObject(prototype)) {
    refuse(what, path, `an instance of ${className(value)}`)
  }
  if (Object.getOwnPropertySymbols(value).length > 0) refuse(what, path, 'an object with symbol keys')
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function')
    refuse(what, path, 'an object with toJSON')
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key]
    if (item === undefined) continue
    if (!key.isWellFormed()) refuse(what, path, 'a key with a lone surrogate')
    if (!isPlainScalar(item)) check(item, what, [...path, key], depth + 1)
  }
}

/** The common case, decided without building a path. */
function isPlainScalar(value: unknown): boolean {
  if (value === null || value === true || value === false) return true
  if (typeof value === 'string') return value.isWellFormed()
  return typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)
}

/** An `Object.prototype` of another realm, such as a vm context, is as good as ours. */
function isForeignPlainObject(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'isPrototypeOf')
  )
}

function className(value: object): string {
  const name = (value.constructor as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' ? name : 'a class'
}

function refuse(what: string, path: Path, found: string): never {
  const at = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')
  throw new HarnessError({
    code: 'validation/value',
    message: `${what} cannot be stored and read back equal: ${found} at ${at === '' ? 'the top' : at.toWellFormed()}. Return plain JSON.`,
    meta: { path: at.toWellFormed(), found },
  })
}
