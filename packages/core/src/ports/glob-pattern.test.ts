import { describe, expect, test } from 'vitest'
import { compileGlob } from './index.ts'

describe('compileGlob', () => {
  test.each([
    ['a.ts', ['a.ts'], ['a_ts', 'b/a.ts', 'A.ts', 'a.ts2']],
    ['*.ts', ['a.ts', '.ts', '.a.ts', '\u00fc\u{1f600}.ts'], ['a/b.ts', 'a.tsx']],
    ['?.ts', ['a.ts', '\u{1f600}.ts', '*.ts'], ['.ts', 'ab.ts', '/.ts']],
    ['a/*/c', ['a/b/c', 'a/.b/c'], ['a/c', 'a/b/b/c']],
    ['**', ['a', 'a/b/c', '.a'], []],
    ['**/*.ts', ['a.ts', 'x/a.ts', 'x/y/.z/a.ts'], ['a.js', 'x/a.ts/b']],
    ['src/**', ['src/a', 'src/a/b'], ['src', 'srca/b', 'a/src/b']],
    ['src/**/a', ['src/a', 'src/x/a', 'src/x/y/a'], ['src/xa', 'srca', 'src/x/ya']],
    ['**/a/**', ['a/b', 'x/a/b/c'], ['a', 'x/a']],
    ['[a-c]1', ['a1', 'c1'], ['d1', 'A1', '-1']],
    ['[!a-c]', ['d', '-', '\u{1f600}'], ['a', 'c', 'dd', '/']],
    ['[]a]', [']', 'a'], ['b']],
    ['[!]a]', ['b'], [']', 'a']],
    ['[a-]', ['a', '-'], ['b']],
    ['x[!-~]y', ['xay'], ['x/y']],
    ['x[--9]y', ['x-y', 'x5y'], ['x/y']],
    ['[*]', ['*'], ['a']],
    ['{a,b}.ts', ['a.ts', 'b.ts'], ['c.ts', 'a,b.ts']],
    ['{a,{b,c}d}', ['a', 'bd', 'cd'], ['b', 'ad']],
    ['a{,b}', ['a', 'ab'], ['b']],
    ['{src,lib/**}/*.ts', ['src/a.ts', 'lib/x/a.ts'], ['src/x/a.ts', 'a.ts']],
    ['a,b', ['a,b'], ['a', 'b']],
    ['a\\b', ['a\\b'], ['ab']],
    ['a+(b)|c.^$', ['a+(b)|c.^$'], ['aab']],
  ])('%s', (pattern, matching, others) => {
    const glob = compileGlob(pattern)
    expect(matching.filter((path) => !glob.matches(path))).toEqual([])
    expect(others.filter((path) => glob.matches(path))).toEqual([])
  })

  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    './a',
    'a/../b',
    '..',
    '[',
    '[]',
    '[!]',
    '[a',
    '[b-a]',
    '[^a]',
    '[/]',
    '{a',
    'a}',
    '{a,{b}',
    'a**',
    '**a',
    '***',
    'a**/b',
    '{a,b}**',
    '\ud800',
    'a'.repeat(1_001),
  ])('%j is no pattern', (pattern) => {
    expect(() => compileGlob(pattern)).toThrow(TypeError)
  })

  test('says below which directories it can match', () => {
    const glob = compileGlob('src/*/x/*.ts')
    expect(['', 'src', 'src/a', 'src/a/x'].map((path) => glob.canMatchBelow(path))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(['lib', 'src/a/y', 'src/a/x/y'].map((path) => glob.canMatchBelow(path))).toEqual([
      false,
      false,
      false,
    ])
    expect(compileGlob('**/a').canMatchBelow('x/y/z')).toBe(true)
    expect(compileGlob('a').canMatchBelow('a')).toBe(false)
  })

  test('agrees with trying every way, on small patterns and names', () => {
    const pieces = ['a', 'b', '/', '*', '?', '**/', '{a,*b}', '[!a]']
    const texts = ['a', 'b'].flatMap((one) =>
      ['', 'a', 'b', '/'].flatMap((two) => ['a', 'b/a', 'ab', 'ba/b/a'].map((rest) => one + two + rest)),
    )
    let compared = 0
    for (const first of pieces) {
      for (const second of pieces) {
        for (const third of pieces) {
          const pattern = first + second + third
          const glob = attempt(() => compileGlob(pattern))
          if (glob === undefined) continue
          for (const text of texts) {
            compared += 1
            if (glob.matches(text) !== tried(pattern, text)) expect.fail(`${pattern} and ${text}`)
          }
        }
      }
    }
    expect(compared).toBeGreaterThan(3_000)
  })

  test('hostile patterns and names take no more steps than they have characters', () => {
    for (const pattern of [
      '*a'.repeat(400),
      '{a,b}'.repeat(150),
      `${'**/'.repeat(300)}b`,
      `${'{*,?}'.repeat(150)}z`,
    ]) {
      const glob = compileGlob(pattern)
      expect(glob.matches('ab'.repeat(1_900))).toBe(false)
      for (let seed = 0; seed < 20; seed += 1) glob.matches(`${seed}/`.repeat(200))
    }
  })
})

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}

/** Backtracking in its plainest form, for the pieces above. */
function tried(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern.startsWith('**/')) {
    const rest = pattern.slice(3)
    const starts = [...text.matchAll(/\//g)].map(({ index }) => index)
    return [-1, ...starts].some(
      (at) =>
        !text
          .slice(0, at + 1)
          .split('/')
          .slice(0, -1)
          .includes('') && tried(rest, text.slice(at + 1)),
    )
  }
  if (pattern.startsWith('*')) {
    return tried(pattern.slice(1), text) || (/^[^/]/.test(text) && tried(pattern, text.slice(1)))
  }
  if (pattern.startsWith('{a,*b}')) {
    return tried(`a${pattern.slice(6)}`, text) || tried(`*b${pattern.slice(6)}`, text)
  }
  if (pattern.startsWith('[!a]')) return /^[^/a]/.test(text) && tried(pattern.slice(4), text.slice(1))
  if (pattern.startsWith('?')) return /^[^/]/.test(text) && tried(pattern.slice(1), text.slice(1))
  return text.startsWith(pattern[0] ?? '') && tried(pattern.slice(1), text.slice(1))
}
