import { describe, expect, test } from 'vitest'
import { replaceInBytes, replaceLiterally } from './index.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const reasonOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return (error as { meta?: { reason?: unknown } }).meta?.reason ?? error
  }
  return 'done'
}

describe('replaceLiterally', () => {
  test('nothing in find is a pattern, nothing in replace a reference', () => {
    for (const hostile of ['$&', '$1', '$$', "$'", '$`', '$<a>', '\\n']) {
      expect(replaceLiterally('a.b', { find: '.', replace: hostile }).text).toBe(`a${hostile}b`)
      expect(replaceLiterally('a.b.', { find: '.', replace: hostile, all: true })).toEqual({
        text: `a${hostile}b${hostile}`,
        replacements: 2,
      })
    }
  })

  test('what is absent or ambiguous is refused', () => {
    expect(reasonOf(() => replaceLiterally('abc', { find: 'B', replace: '' }))).toBe('absent')
    expect(reasonOf(() => replaceLiterally('', { find: 'a', replace: '', all: true }))).toBe('absent')
    expect(reasonOf(() => replaceLiterally('a a', { find: 'a', replace: '' }))).toBe('ambiguous')
    expect(reasonOf(() => replaceLiterally('aaa', { find: 'aa', replace: '' }))).toBe('ambiguous')
  })

  test('all takes occurrences from the left, also those that overlap', () => {
    expect(replaceLiterally('aaaaa', { find: 'aa', replace: 'b', all: true })).toEqual({
      text: 'bba',
      replacements: 2,
    })
  })

  test('nothing to find, and halves of characters, are misuse', () => {
    expect(() => replaceLiterally('a', { find: '', replace: 'b' })).toThrow(TypeError)
    expect(() => replaceLiterally('\u{1f600}', { find: '\ud83d', replace: 'b' })).toThrow(TypeError)
    expect(() => replaceLiterally('a', { find: 'a', replace: '\ud83d' })).toThrow(TypeError)
  })

  test('a text that would not fit into memory is refused before it is made', () => {
    const edit = { find: 'a', replace: 'b'.repeat(1_000_000), all: true }
    expect(reasonOf(() => replaceLiterally('a'.repeat(1_000_000), edit))).toBe('file_bytes')
  })
})

describe('replaceInBytes', () => {
  test('keeps a byte order mark, line ends and every byte outside', () => {
    const { bytes, replacements } = replaceInBytes(encode('\ufeffa\r\n\u00fc\r\n'), {
      find: 'a',
      replace: '\u{1f600}',
    })
    expect(Buffer.from(bytes)).toEqual(Buffer.from('\ufeff\u{1f600}\r\n\u00fc\r\n'))
    expect(replacements).toBe(1)
  })

  test('refuses what is missing, not UTF-8 or too large', () => {
    const edit = { find: 'a', replace: 'b' }
    expect(reasonOf(() => replaceInBytes(undefined, edit))).toBe('missing')
    expect(reasonOf(() => replaceInBytes(Uint8Array.of(0x61, 0xff), edit))).toBe('binary')
    expect(reasonOf(() => replaceInBytes(new Uint8Array(10_485_761), edit))).toBe('file_bytes')
  })
})
