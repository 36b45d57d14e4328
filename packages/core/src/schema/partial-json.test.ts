import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../ports/index.ts'
import { PartialJson } from './partial-json.ts'

const known = (text: string): Json | undefined => {
  const json = new PartialJson()
  json.push(text)
  return json.value
}

describe('what is known of JSON that is being written', () => {
  test.each([
    ['', undefined],
    ['  {', {}],
    ['{"na', {}],
    ['{"name"', {}],
    ['{"name":', {}],
    ['{"name":"', { name: '' }],
    ['{"name":"Ad', { name: 'Ad' }],
    ['{"name":"Ada"', { name: 'Ada' }],
    ['{"a":1', {}],
    ['{"a":1,', { a: 1 }],
    ['{"a":tru', {}],
    ['{"a":true}', { a: true }],
    ['[1,2', [1]],
    ['[1,2 ', [1, 2]],
    ['[{"a":[', [{ a: [] }]],
    ['[[],{}', [[], {}]],
    ['{"a":"x","b":{"c":"y', { a: 'x', b: { c: 'y' } }],
    ['{"a":"\\', { a: '' }],
    ['{"a":"x\\u00', { a: 'x' }],
    ['{"a":"\\u00e9', { a: 'é' }],
    ['{"a":"x\\ud83e', { a: 'x' }],
    ['{"a":"x\\ud83e\\udd', { a: 'x' }],
    ['{"a":"x\\ud83e\\uddd7', { a: 'x🧗' }],
    ['{"a":"x\ud83e', { a: 'x' }],
    ['{"a":"say \\"hi\\"', { a: 'say "hi"' }],
    ['```json\n{"a":"x', { a: 'x' }],
    ['{"a":1} and more', { a: 1 }],
    ['I look it up: {"a":1}', undefined],
    ['"text"', undefined],
    ['{"a":1]', undefined],
    ['{"a":nonsense,', undefined],
  ] as const)('%j: %j', (text, value) => {
    expect(known(text)).toEqual(value)
  })

  test('the end of any object or list is the whole of it, in whatever pieces it comes, and no word of it is taken back', () => {
    const root = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()))
    fc.assert(
      fc.property(root, fc.integer({ min: 1, max: 7 }), fc.boolean(), (value, size, indent) => {
        const text = JSON.stringify(value, undefined, indent ? 2 : 0)
        const json = new PartialJson()
        let last: Json | undefined
        for (let at = 0; at < text.length; at += size) {
          json.push(text.slice(at, at + size))
          const next = json.value
          if (last !== undefined) expect(extendsValue(next, last)).toBe(true)
          last = next
        }
        expect(json.ended).toBe(true)
        expect(json.value).toEqual(JSON.parse(text))
      }),
    )
  })
})

/** Whether `next` says all that `last` said. */
function extendsValue(next: Json | undefined, last: Json): boolean {
  if (typeof last === 'string') return typeof next === 'string' && next.startsWith(last)
  if (typeof last !== 'object' || last === null) return Object.is(next, last)
  if (typeof next !== 'object' || next === null) return false
  return Object.entries(last).every(([key, value]) =>
    extendsValue((next as Record<string, Json>)[key], value),
  )
}
