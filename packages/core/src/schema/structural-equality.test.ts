import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../schema/json.ts'
import { isStructurallyEqual } from './structural-equality.ts'

const json = fc.jsonValue({ maxDepth: 4 })

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, shuffled(item)]),
  )
}

test('JSON values are equal when their canonical text is, in both directions [EVAL-4]', () => {
  fc.assert(
    fc.property(json, json, (left, right) => {
      // JSON writes -0 as 0.
      const same = canonicalJson(left) === canonicalJson(right)
      expect(isStructurallyEqual(left, right)).toBe(same)
      expect(isStructurallyEqual(right, left)).toBe(same)
    }),
  )
})

test('the order of keys does not matter, a copy is equal [EVAL-4]', () => {
  fc.assert(fc.property(json, (value) => isStructurallyEqual(value, shuffled(value))))
})

test.each([
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: 1 }, { a: '1' }, false],
  [[1, 2], [2, 1], false],
  [[1], { 0: 1 }, false],
  [{}, [], false],
  [null, {}, false],
  [null, undefined, false],
  [Number.NaN, Number.NaN, true],
  [new Date(0), new Date(1), false],
  [new Map(), new Map(), false],
  [{ toString: 1 }, {}, false],
  [JSON.parse('{"__proto__":1}'), {}, false],
])('%j and %j: %s [EVAL-4]', (left, right, expected) => {
  expect(isStructurallyEqual(left, right)).toBe(expected)
})
