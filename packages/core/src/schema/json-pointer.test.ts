import { describe, expect, test } from 'vitest'
import { followPointer, parsePointer } from './json-pointer.ts'

/** The document and the pointers of RFC 6901, section 5. */
const document = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
}

const at = (pointer: string, value: unknown = document) => followPointer(value, parsePointer(pointer))

describe('a JSON Pointer', () => {
  test.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j leads where the standard says', (pointer, value) => {
    expect(at(pointer)).toEqual({ found: true, value })
  })

  test.each([
    ['/foo/2'],
    ['/foo/-'],
    ['/foo/00'],
    ['/foo/01'],
    ['/foo/+1'],
    ['/foo/1e0'],
    ['/foo/length'],
    ['/foo/0/length'],
    ['/toString'],
    ['/__proto__'],
    ['/bar/baz'],
  ])('%j leads nowhere', (pointer) => {
    expect(at(pointer)).toMatchObject({ found: false, why: expect.stringContaining('there is no') })
  })

  test('an own "__proto__" is found', () => {
    expect(at('/__proto__', JSON.parse('{"__proto__":1}'))).toEqual({ found: true, value: 1 })
  })

  test('"~01" is "~1", not "/"', () => {
    expect(at('/~01', { '~1': 'tilde', '/': 'slash' })).toEqual({ found: true, value: 'tilde' })
  })

  test.each(['foo', '/a~', '/a~2', '#/foo'])('%j is refused', (pointer) => {
    expect(() => parsePointer(pointer)).toThrow(TypeError)
  })
})
