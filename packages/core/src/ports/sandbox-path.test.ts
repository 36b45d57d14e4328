import { describe, expect, test } from 'vitest'
import { checkMount, checkSandboxPath, optionWithin, sandboxBounds } from './index.ts'

const reasonOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return (error as { meta?: { reason?: unknown } }).meta?.reason ?? error
  }
  return 'taken'
}

describe('checkSandboxPath', () => {
  test.each([
    ['/workspace', { place: 'workspace', parts: [] }],
    ['/workspace/a/.b/c d', { place: 'workspace', parts: ['a', '.b', 'c d'] }],
    ['/workspace/...', { place: 'workspace', parts: ['...'] }],
    ['/workspace/\u00fc\\*?', { place: 'workspace', parts: ['\u00fc\\*?'] }],
    ['/skills/pdf', { place: 'skill', skill: 'pdf', parts: [] }],
    ['/skills/pdf/SKILL.md', { place: 'skill', skill: 'pdf', parts: ['SKILL.md'] }],
  ])('takes %j apart', (path, expected) => {
    expect(checkSandboxPath(path)).toEqual({ path, ...expected })
  })

  test.each([
    ['', 'relative'],
    ['workspace/a', 'relative'],
    ['../a', 'relative'],
    ['~/a', 'relative'],
    ['/', 'outside'],
    ['/etc/passwd', 'outside'],
    ['/workspaces/a', 'outside'],
    ['/Workspace/a', 'outside'],
    ['/skills', 'outside'],
    ['/proc/self/root', 'outside'],
    ['//workspace', 'not_normal'],
    ['/workspace/', 'not_normal'],
    ['/workspace//a', 'not_normal'],
    ['/workspace/./a', 'not_normal'],
    ['/workspace/../workspace/a', 'not_normal'],
    ['/workspace/a/..', 'not_normal'],
    ['/workspace/a\0b', 'name'],
    ['/workspace/\ud800', 'name'],
    [`/workspace/${'a'.repeat(256)}`, 'name'],
    [`/workspace/${'\u00fc'.repeat(128)}`, 'name'],
    [`/workspace${'/abc'.repeat(1_022)}`, 'name'],
  ])('refuses %j as %s', (path, reason) => {
    expect(reasonOf(() => checkSandboxPath(path))).toBe(reason)
  })

  test('takes a part of 255 bytes and a path of 4,096', () => {
    expect(reasonOf(() => checkSandboxPath(`/workspace/${'a'.repeat(255)}`))).toBe('taken')
    expect(reasonOf(() => checkSandboxPath(`/workspace/ab${'/abc'.repeat(1_020)}/abc`))).toBe('name')
    expect(reasonOf(() => checkSandboxPath(`/workspace/a${'/abc'.repeat(1_021)}`))).toBe('taken')
  })

  test('names no more of a hostile path than 200 characters, and nothing but the reason beside it', () => {
    const error = (() => {
      try {
        return checkSandboxPath(`/${'x'.repeat(3_000)}`)
      } catch (caught) {
        return caught as { message: string; meta: unknown }
      }
    })() as { message: string; meta: unknown }
    expect(error.message.length).toBeLessThan(400)
    expect(error.meta).toEqual({ reason: 'name' })
  })

  test('a path that is no string is misuse', () => {
    expect(() => checkSandboxPath(undefined as never)).toThrow(TypeError)
  })
})

describe('checkMount', () => {
  const bytes = new Uint8Array(1)
  const mount = (path: string, ...paths: string[]) =>
    reasonOf(() =>
      checkMount(
        path,
        paths.map((each) => ({ path: each, bytes })),
      ),
    )

  test('gives the name of the skill and the parts of each file', () => {
    expect(checkMount('/skills/pdf', [{ path: 'a/b', bytes, executable: true }])).toEqual({
      skill: 'pdf',
      files: [{ path: 'a/b', bytes, executable: true, parts: ['a', 'b'] }],
    })
  })

  test('refuses other places, and paths that are not relative and normal or are there twice', () => {
    expect(mount('/workspace')).toBe('outside')
    expect(mount('/skills/pdf/more')).toBe('outside')
    expect(mount('/skills/pdf', '/a')).toBe('outside')
    expect(mount('/skills/pdf', '')).toBe('not_normal')
    expect(mount('/skills/pdf', 'a/../../b')).toBe('not_normal')
    expect(mount('/skills/pdf', 'a\0')).toBe('name')
    expect(mount('/skills/pdf', 'a', 'a')).toBe('name')
    expect(mount('/skills/pdf', 'a/b', 'a')).toBe('name')
    expect(mount('/skills/pdf', 'a', 'ab')).toBe('taken')
  })

  test('refuses too many files and too many bytes', () => {
    const many = Array.from({ length: 10_001 }, (_, index) => ({ path: `f${index}`, bytes }))
    expect(reasonOf(() => checkMount('/skills/x', many))).toBe('files')
    const large = [{ path: 'a', bytes: { length: 67_108_865 } as Uint8Array }]
    expect(reasonOf(() => checkMount('/skills/x', large))).toBe('bytes')
  })
})

test('an option out of its bound is misuse, and the ends of the bound are in it', () => {
  const { listLimit } = sandboxBounds
  expect([undefined, 1, 10_000].map((value) => optionWithin('limit', value, listLimit))).toEqual([
    1_000, 1, 10_000,
  ])
  for (const value of [0, 10_001, 1.5, Number.NaN, '3' as never]) {
    expect(() => optionWithin('limit', value, listLimit)).toThrow(/limit has to be/)
  }
})
