import { describe, expect, test } from 'vitest'
import { readSchema } from './read.ts'
import { schemaFault, type JsonSchema } from './validate.ts'

const cases: readonly (readonly [string, JsonSchema, readonly unknown[], readonly unknown[]])[] = [
  ['true and false', { properties: { a: true, b: false } }, [{ a: 1 }, {}], [{ b: 1 }]],
  ['type', { type: ['string', 'null'] }, ['a', null], [1, {}, []]],
  ['integer', { type: 'integer' }, [1, 1e20], [1.5, '1']],
  ['object, array', { type: 'object' }, [{}], [[], null]],
  ['required without type', { required: ['a'] }, [{ a: 1 }, 5], [{}]],
  ['required of an inherited name', { required: ['constructor'] }, [{ constructor: 1 }], [{}]],
  ['enum', { enum: [1, 'a', null, { x: [1] }] }, [1, 'a', null, { x: [1] }], [2, { x: [2] }]],
  ['const', { const: { a: 1 } }, [{ a: 1 }], [{ a: 2 }, { a: 1, b: 2 }]],
  ['const null', { const: null }, [null], [0]],
  ['numbers', { minimum: 3, exclusiveMaximum: 5 }, [3, 4.9, 'x'], [2, 5]],
  ['exclusiveMinimum, maximum', { exclusiveMinimum: 3, maximum: 5 }, [5, 3.1], [3, 5.1]],
  ['multipleOf', { multipleOf: 0.01 }, [0.29, 1.1, 0], [0.005]],
  ['lengths in characters', { minLength: 1, maxLength: 1 }, ['😀', 'a', 1], ['', 'ab']],
  ['pattern', { pattern: '^a+$' }, ['aa', 1], ['b']],
  [
    'items',
    { prefixItems: [{ type: 'number' }], items: { type: 'string' } },
    [[1, 'a'], []],
    [['a'], [1, 2]],
  ],
  ['lengths of arrays', { minItems: 1, maxItems: 2 }, [[1], 'x'], [[], [1, 2, 3]]],
  [
    'uniqueItems',
    { uniqueItems: true },
    [
      [1, 2],
      [{ a: 1 }, { a: 2 }],
    ],
    [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
  ],
  ['contains', { contains: { type: 'number' } }, [['a', 1]], [['a'], []]],
  [
    'minContains, maxContains',
    { contains: { const: 1 }, minContains: 0, maxContains: 1 },
    [[], [1]],
    [[1, 1]],
  ],
  [
    'properties',
    { properties: { a: { type: 'number' } }, additionalProperties: false },
    [{ a: 1 }, {}],
    [{ b: 1 }, { a: '1' }],
  ],
  [
    'patternProperties',
    { patternProperties: { '^x': { type: 'number' } }, additionalProperties: { type: 'string' } },
    [{ x: 1, y: 'a' }],
    [{ x: 'a' }, { y: 1 }],
  ],
  ['propertyNames', { propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
  ['counts of properties', { minProperties: 1, maxProperties: 2 }, [{ a: 1 }], [{}, { a: 1, b: 1, c: 1 }]],
  ['dependentRequired', { dependentRequired: { a: ['b'] } }, [{ a: 1, b: 1 }, {}], [{ a: 1 }]],
  ['dependentSchemas', { dependentSchemas: { a: { required: ['b'] } } }, [{ a: 1, b: 1 }, {}], [{ a: 1 }]],
  ['allOf', { allOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ a: 1, b: 1 }], [{ a: 1 }, { b: 1 }]],
  ['anyOf', { anyOf: [{ type: 'string' }, { type: 'number', minimum: 3 }] }, ['a', 3], [2]],
  ['oneOf', { oneOf: [{ type: 'number' }, { type: 'integer' }] }, [1.5], [1, 'a']],
  ['not', { not: { type: 'string' } }, [1], ['a']],
  [
    'if, then, else',
    // An object with a member `then` would be taken for a promise.
    JSON.parse(
      '{"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}',
    ),
    [
      { a: 1, b: 1 },
      { a: 2, c: 1 },
    ],
    [{ a: 1, c: 1 }, { a: 2 }],
  ],
  [
    '$ref',
    {
      $defs: { node: { properties: { next: { $ref: '#/$defs/node' } }, required: ['v'] } },
      $ref: '#/$defs/node',
    },
    [{ v: 1, next: { v: 1 } }],
    [{ v: 1, next: {} }],
  ],
  [
    '$ref beside other keywords',
    { $defs: { a: { type: 'string' } }, $ref: '#/$defs/a', maxLength: 1 },
    ['a'],
    ['ab', 1],
  ],
  ['$ref with escapes', { $defs: { 'a/b~c%': { type: 'string' } }, $ref: '#/$defs/a~1b~0c%25' }, ['a'], [1]],
  [
    'what only describes',
    { title: 'T', description: 'D', format: 'email', default: 1 },
    ['no e-mail', 1],
    [],
  ],
]

describe('a JSON Schema', () => {
  test.each(cases)('%s [EVAL-2]', (_title, schema, good, bad) => {
    readSchema(schema)
    for (const value of good) expect([value, schemaFault(schema, value)]).toEqual([value, undefined])
    for (const value of bad) expect(schemaFault(schema, value), JSON.stringify(value)).toBeTypeOf('string')
  })

  test('says where a value does not fit', () => {
    const schema = { properties: { 'a/b': { items: { type: 'string' } } } }
    expect(schemaFault(schema, { 'a/b': ['x', 1] })).toBe('the value at "/a~1b/1" is not of type string')
  })

  test('a schema that refers to itself alone comes to an end', () => {
    expect(schemaFault({ $ref: '#' }, 1)).toContain('without an end')
  })

  test.each([
    ['a keyword that is not known', { type: 'string', maxLenght: 3 }, 'the keyword "maxLenght" is not known'],
    ['one that is not supported', { unevaluatedProperties: false }, '"unevaluatedProperties"'],
    ['one deep inside', { properties: { a: { anyOf: [{ requird: [] }] } } }, '/properties/a/anyOf/0'],
    ['a type that there is not', { type: 'text' }, '"type"'],
    ['a value of the wrong form', { required: 'a' }, '"required"'],
    ['an old form of items', { items: [{ type: 'string' }] }, 'an object, true or false'],
    ['a reference that leads nowhere', { $ref: '#/$defs/none' }, 'leads nowhere'],
    ['a reference out of it', { $ref: 'https://example.com/a.json' }, 'leads out'],
    ['a pattern that is none', { pattern: '(' }, 'not a regular expression'],
    ['a schema that is none', { properties: { a: 1 } }, 'an object, true or false'],
    ['an inherited keyword', { constructor: 1 }, '"constructor"'],
  ])('with %s is refused before it is used', (_title, schema, message) => {
    expect(() => readSchema(schema as JsonSchema)).toThrow(message)
  })
})
