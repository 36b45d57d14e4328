import assert from 'node:assert/strict'
import type { GlobOptions, GrepOptions, SandboxFiles } from '@belay/core/ports'
import { refuses, refusesMisuse } from './refusals.ts'
import { refusesPath, utf8, writeAll, type SandboxCase } from './sandbox-case.ts'
import { settles, turn, until } from './until.ts'

const tree = {
  '/workspace/a.ts': 'one\ntwo\nOne two\n',
  '/workspace/a/b.ts': 'two\r\nthree\r\n',
  '/workspace/a-b.ts': 'one\n',
  '/workspace/a/.hidden/c.js': 'two',
  '/workspace/z/[x].md': '# one',
}

async function globbed(
  files: SandboxFiles,
  pattern: string,
  options?: GlobOptions,
): Promise<readonly string[]> {
  const { paths, truncated } = await files.glob(pattern, options)
  return [...paths.map((path) => path.replace('/workspace/', '')), ...(truncated ? ['…'] : [])]
}

async function grepped(
  files: SandboxFiles,
  pattern: string,
  options?: GrepOptions,
): Promise<readonly string[]> {
  const { matches, truncated } = await files.grep(pattern, options)
  const lines = matches.map(({ path, line, text }) => `${path.replace('/workspace/', '')}:${line}:${text}`)
  return [...lines, ...(truncated ? ['…'] : [])]
}

/** Finding files and lines. */
export const sandboxSearchCases: readonly SandboxCase[] = [
  {
    title: 'glob: gives whole paths of files that match, in the order of UTF-16 units',
    run: async ({ files }) => {
      await writeAll(files, tree)
      const all = ['a-b.ts', 'a.ts', 'a/.hidden/c.js', 'a/b.ts', 'z/[x].md']
      assert.deepEqual(await globbed(files, '**'), all)
      assert.deepEqual((await files.glob('a.ts')).paths, ['/workspace/a.ts'])
      assert.deepEqual(await globbed(files, '*.ts'), ['a-b.ts', 'a.ts'])
      assert.deepEqual(await globbed(files, '**/*.ts'), ['a-b.ts', 'a.ts', 'a/b.ts'])
      assert.deepEqual(await globbed(files, '**/*.{js,md}'), ['a/.hidden/c.js', 'z/[x].md'])
      assert.deepEqual(await globbed(files, 'a?*'), ['a-b.ts', 'a.ts'])
      assert.deepEqual(await globbed(files, 'a[!.]b.ts'), ['a-b.ts'])
      assert.deepEqual(await globbed(files, 'z/[[]x].md'), ['z/[x].md'])
      assert.deepEqual(await globbed(files, 'A.ts'), [])
    },
  },
  {
    title: 'glob: is relative to its path and gives only files',
    run: async ({ files }) => {
      await writeAll(files, tree)
      await files.mount('/skills/s', [{ path: 'x/y.md', bytes: utf8('') }])
      assert.deepEqual(await globbed(files, '*', { path: '/workspace/a' }), ['a/b.ts'])
      assert.deepEqual(await globbed(files, 'a'), [])
      assert.deepEqual(await globbed(files, '**/*.md', { path: '/skills/s' }), ['/skills/s/x/y.md'])
      assert.deepEqual(await globbed(files, '**', { path: '/workspace/none' }), [])
      await refusesPath(() => files.glob('*', { path: '/workspace/a.ts' }), 'not_a_directory')
    },
  },
  {
    title: 'glob: is cut at its limit, keeps the first of the order and says so',
    run: async ({ files }) => {
      await writeAll(files, tree)
      assert.deepEqual(await globbed(files, '**', { limit: 3 }), ['a-b.ts', 'a.ts', 'a/.hidden/c.js', '…'])
      assert.deepEqual(await globbed(files, '*.ts', { limit: 2 }), ['a-b.ts', 'a.ts'])
    },
  },
  {
    title: 'glob: a pattern of another form, or a limit out of range, is misuse',
    run: async ({ files }) => {
      for (const pattern of ['', '[a', '{a', 'a}', '/a', 'a//b', '../a', 'a**', 'x'.repeat(1_001)]) {
        await refusesMisuse(() => files.glob(pattern))
      }
      for (const limit of [0, 10_001]) await refusesMisuse(() => files.glob('*', { limit }))
    },
  },
  {
    title: 'glob: a hostile pattern comes to an end',
    run: async ({ files }) => {
      await files.write(`/workspace/${'a'.repeat(250)}`, utf8(''))
      for (const pattern of [`${'*a'.repeat(200)}b`, `${'{a,aa}'.repeat(150)}b`, `${'**/'.repeat(300)}b`]) {
        assert.deepEqual(await settles('a hostile pattern', files.glob(pattern)), {
          paths: [],
          truncated: false,
        })
      }
    },
  },
  {
    title: 'grep: gives lines by path and line, without their ends',
    run: async ({ files }) => {
      await writeAll(files, tree)
      const found = ['a.ts:2:two', 'a.ts:3:One two', 'a/.hidden/c.js:1:two', 'a/b.ts:1:two']
      assert.deepEqual(await grepped(files, 'two$'), found)
      assert.deepEqual(await grepped(files, 'thre{2}'), ['a/b.ts:2:three'])
      assert.deepEqual(await grepped(files, 'nowhere'), [])
    },
  },
  {
    title: 'grep: takes a path, a pattern of files and ignores case where asked',
    run: async ({ files }) => {
      await writeAll(files, tree)
      const one = ['a-b.ts:1:one', 'a.ts:1:one']
      assert.deepEqual(await grepped(files, '^one$', { glob: '*.ts' }), one)
      assert.deepEqual(await grepped(files, '^ONE', { ignoreCase: true, path: '/workspace/a.ts' }), [
        'a.ts:1:one',
        'a.ts:3:One two',
      ])
      assert.deepEqual(await grepped(files, 't', { path: '/workspace/a', glob: '**/*.js' }), [
        'a/.hidden/c.js:1:two',
      ])
      assert.deepEqual(await grepped(files, '.', { path: '/workspace/none' }), [])
    },
  },
  {
    title: 'grep: is cut at its limit and says so, and only then',
    run: async ({ files }) => {
      await writeAll(files, tree)
      assert.deepEqual(await grepped(files, 'two', { limit: 2 }), ['a.ts:2:two', 'a.ts:3:One two', '…'])
      assert.deepEqual(
        await grepped(files, 'two', { limit: 4 }).then((lines) => lines.at(-1)),
        'a/b.ts:1:two',
      )
    },
  },
  {
    title: 'grep: leaves out binary files, says when a file was too large, and cuts long lines',
    run: async ({ files }) => {
      await files.write('/workspace/binary', utf8('needle\0needle'))
      await files.write('/workspace/long', utf8(`needle${'x'.repeat(5_000)}`))
      assert.deepEqual(await grepped(files, 'needle'), [`long:1:needle${'x'.repeat(994)}`])
      await files.write('/workspace/large', new Uint8Array(10_485_761).fill(0x61))
      assert.deepEqual(await grepped(files, '^aa|needle'), [`long:1:needle${'x'.repeat(994)}`, '…'])
    },
  },
  {
    title: 'grep: an expression without end is ended by name, and the event loop goes on meanwhile',
    run: async ({ files }) => {
      await files.write('/workspace/a', utf8(`${'a'.repeat(64)}!`))
      let isSettled = false
      const timeoutMs = 1_000
      let longestMs = 0
      let last = performance.now()
      const search = refuses(() => files.grep('^(a+)+$', { timeoutMs }), 'sandbox/limit', { reason: 'time' })
      const settled = search.finally(() => {
        isSettled = true
      })
      await until('the search to be ended', async () => {
        await turn()
        longestMs = Math.max(longestMs, performance.now() - last)
        last = performance.now()
        return isSettled
      })
      await settled
      assert.ok(longestMs < timeoutMs * 0.8, `the event loop stood still for ${longestMs} ms`)
    },
  },
  {
    title: 'grep: an abort ends it with its reason',
    run: async ({ files }) => {
      await files.write('/workspace/a', utf8(`${'a'.repeat(64)}!`))
      const reason = new Error('enough')
      const abort = new AbortController()
      const search = files.grep('^(a+)+$', { timeoutMs: 60_000, signal: abort.signal })
      const ended = assert.rejects(search, reason)
      await turn()
      abort.abort(reason)
      await settles('the search to end', ended)
    },
  },
  {
    title: 'grep: an expression that is none, and options out of range, are misuse',
    run: async ({ files }) => {
      for (const pattern of ['(', '[z-a]', '\\-', 'x'.repeat(1_001)])
        await refusesMisuse(() => files.grep(pattern))
      for (const options of [
        { limit: 0 },
        { limit: 10_001 },
        { timeoutMs: 0 },
        { timeoutMs: 60_001 },
        { glob: '[' },
      ]) {
        await refusesMisuse(() => files.grep('a', options))
      }
    },
  },
]
