import * as fc from 'fast-check'
import { deepStrictEqual } from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { HarnessError } from '../errors/harness-error.ts'
import { canonicalJson, hashJson, maxJsonDepth, toJson, toJsonText } from './json.ts'

/** Any value that JSON holds, with hostile keys and all of Unicode but lone surrogates. */
const storable = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom('__proto__', 'constructor', 'toString', ''),
            fc.string({ unit: 'binary' }),
          ),
          tie('value'),
        ),
        {
          maxLength: 5,
        },
      )
      .map((fields) => Object.fromEntries(fields)),
  ),
})).value

class Row {
  readonly id = 1
}

class Rows extends Array<unknown> {}

/** What JSON changes silently, with the words of the refusal. */
const refused: readonly (readonly [string, unknown])[] = [
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
  ['a bigint', 1n],
  ['a symbol', Symbol('s')],
  ['a function', () => undefined],
  ['an instance of Date', new Date(0)],
  ['an instance of Map', new Map()],
  ['an instance of Set', new Set()],
  ['an instance of Uint8Array', new Uint8Array(2)],
  ['an instance of Number', Object(1)],
  ['an instance of Row', new Row()],
  ['an instance of Rows', new Rows()],
  ['a string with a lone surrogate', 'a\ud800b'],
  ['an object with toJSON', { toJSON: () => 1 }],
  ['an object with symbol keys', { [Symbol('s')]: 1 }],
  ['an array with properties of its own', Object.assign([1], { extra: 2 })],
  ['a key with a lone surrogate', { 'a\udc00': 1 }],
]

function refusalOf(value: unknown): { path: unknown; found: unknown } {
  try {
    toJson(value, 'The value')
  } catch (error) {
    if (HarnessError.is(error, 'validation/value'))
      return { path: error.meta['path'], found: error.meta['found'] }
    throw error
  }
  throw new Error('It was not refused.')
}

function nested(levels: number, innermost: unknown): unknown {
  let value = innermost
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { in: value }
  return value
}

describe('toJson', () => {
  it('reads every storable value back equal', () => {
    fc.assert(
      fc.property(storable, (value) => {
        deepStrictEqual(toJson(value, 'The value'), value)
        deepStrictEqual(JSON.parse(toJsonText(value, 'The value')), value)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each(refused)('refuses %s at the top, in an array and in an object, and says where', (found, value) => {
    expect(refusalOf(value)).toEqual({ path: '', found })
    expect(refusalOf([0, value])).toEqual({ path: '[1]', found })
    expect(refusalOf({ a: { b: [value] } })).toEqual({ path: '.a.b[0]', found })
  })

  it('refuses a refused value anywhere in a storable one', () => {
    fc.assert(
      fc.property(storable, fc.constantFrom(...refused), (value, [found, bad]) => {
        expect(refusalOf({ good: value, bad: [value, bad] })).toEqual({ path: '.bad[1]', found })
      }),
    )
  })

  it('refuses undefined where it would become null, and takes it as an absent property', () => {
    expect(refusalOf(undefined)).toEqual({ path: '', found: 'undefined' })
    expect(refusalOf([1, undefined])).toEqual({ path: '[1]', found: 'undefined' })
    const sparse: unknown[] = []
    sparse.length = 2
    expect(refusalOf(sparse)).toEqual({ path: '[0]', found: 'undefined' })
    expect(toJson({ a: undefined, b: 1 }, 'The value')).toStrictEqual({ b: 1 })
  })

  it('keeps the key __proto__ as data', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true}}') as object
    const back = toJson(value, 'The value') as object
    expect(Object.keys(back)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect('polluted' in back).toBe(false)
  })

  it('refuses a cycle instead of overflowing the stack', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(refusalOf(cycle).found).toBe(`a cycle or more than ${maxJsonDepth} levels`)
  })

  it('takes values up to the stated depth and refuses the next level', () => {
    expect(toJson(nested(maxJsonDepth, 1), 'The value')).toStrictEqual(nested(maxJsonDepth, 1))
    expect(refusalOf(nested(maxJsonDepth + 1, 1)).found).toBe(`a cycle or more than ${maxJsonDepth} levels`)
    expect(refusalOf(nested(200_000, 1)).found).toBe(`a cycle or more than ${maxJsonDepth} levels`)
  })

  it('takes one value in two places', () => {
    const shared = { a: 1 }
    expect(toJson([shared, shared], 'The value')).toStrictEqual([{ a: 1 }, { a: 1 }])
  })

  it('takes plain values of another realm and objects without a prototype', () => {
    const foreign: unknown = runInContext('({ a: [1, { b: "c" }] })', createContext())
    expect(toJson(foreign, 'The value')).toStrictEqual({ a: [1, { b: 'c' }] })
    expect(toJson(Object.assign(Object.create(null) as object, { a: 1 }), 'The value')).toStrictEqual({
      a: 1,
    })
  })

  it('names what was refused in the message', () => {
    expect(() => toJson({ when: new Date(0) }, 'The result of "pay"')).toThrow(
      /The result of "pay".*Date at \.when/,
    )
  })
})

describe('canonicalJson', () => {
  it('does not depend on the order of keys, and tells different values apart', () => {
    fc.assert(
      fc.property(storable, storable, (left, right) => {
        const reordered = (value: unknown): unknown => {
          if (Array.isArray(value)) return value.map(reordered)
          if (typeof value !== 'object' || value === null) return value
          return Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, item]) => [key, reordered(item)]),
          )
        }
        expect(hashJson(reordered(left))).toBe(hashJson(left))
        expect(canonicalJson(left) === canonicalJson(right)).toBe(isDeepStrictEqual(left, right))
      }),
      { numRuns: 500 },
    )
  })
})
