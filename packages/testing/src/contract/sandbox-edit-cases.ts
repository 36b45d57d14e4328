import assert from 'node:assert/strict'
import { refuses, refusesMisuse } from './refusals.ts'
import { refusesPath, textAt, utf8, writeAll, type SandboxCase } from './sandbox-case.ts'

const path = '/workspace/file'

/** Literal replacements. */
export const sandboxEditCases: readonly SandboxCase[] = [
  {
    title: 'edit: neither find nor replace is a pattern',
    run: async ({ files }) => {
      for (const replace of ['$&', '$1', '$$', '$`', "$'", '$<a>', '\\1', '\\n']) {
        await files.write(path, utf8('a.b(c)\n'))
        assert.deepEqual(await files.edit(path, { find: '.b(', replace }), { replacements: 1 })
        assert.equal(await textAt(files, path), `a${replace}c)\n`)
      }
    },
  },
  {
    title: 'edit: what is there more than once is refused without all, and nothing changes',
    run: async ({ files }) => {
      for (const [text, find] of [
        ['x y x', 'x'],
        ['aaa', 'aa'],
      ] as const) {
        await files.write(path, utf8(text))
        await refuses(() => files.edit(path, { find, replace: 'z' }), 'sandbox/edit', { reason: 'ambiguous' })
        assert.equal(await textAt(files, path), text)
      }
    },
  },
  {
    title: 'edit: all replaces each and counts them',
    run: async ({ files }) => {
      await files.write(path, utf8('x y x $& x'))
      assert.deepEqual(await files.edit(path, { find: 'x', replace: '$&', all: true }), { replacements: 3 })
      assert.equal(await textAt(files, path), '$& y $& $& $&')
    },
  },
  {
    title: 'edit: says what is missing, absent or binary, and makes no file',
    run: async ({ files }) => {
      const edit = { find: 'a', replace: 'b' }
      await refuses(() => files.edit('/workspace/none', edit), 'sandbox/edit', { reason: 'missing' })
      assert.equal(await files.stat('/workspace/none'), undefined)
      await files.write(path, utf8('A'))
      await refuses(() => files.edit(path, edit), 'sandbox/edit', { reason: 'absent' })
      await refuses(() => files.edit(path, { ...edit, all: true }), 'sandbox/edit', { reason: 'absent' })
      await files.write(path, Uint8Array.of(0x61, 0xff, 0xfe))
      await refuses(() => files.edit(path, edit), 'sandbox/edit', { reason: 'binary' })
    },
  },
  {
    title: 'edit: mode, byte order mark, line ends and everything outside stay',
    run: async ({ files }) => {
      await files.write(path, utf8('\ufeffone\r\ntwo\r\n\u{1f600}'), { mode: 0o755 })
      await files.edit(path, { find: 'two', replace: '\u00fc' })
      assert.equal(await textAt(files, path), '\ufeffone\r\n\u00fc\r\n\u{1f600}')
      assert.equal((await files.stat(path))?.mode, 0o755)
    },
  },
  {
    title: 'edit: nothing to find is misuse, and a directory is refused',
    run: async ({ files }) => {
      await writeAll(files, { '/workspace/a/b': 'x' })
      await refusesMisuse(() => files.edit('/workspace/a/b', { find: '', replace: 'y' }))
      await refusesPath(() => files.edit('/workspace/a', { find: 'x', replace: 'y' }), 'not_a_file')
    },
  },
  {
    title: 'edit: a file that is too large, or would be, is refused',
    run: async ({ files }) => {
      const edit = { find: 'a', replace: 'b', all: true }
      await files.write(path, new Uint8Array(10_485_761).fill(0x61))
      await refuses(() => files.edit(path, edit), 'sandbox/limit', { reason: 'file_bytes' })
      await files.write(path, utf8('a'.repeat(100_000)))
      const grown = { ...edit, replace: 'b'.repeat(1_000_000) }
      await refuses(() => files.edit(path, grown), 'sandbox/limit')
      assert.equal(await textAt(files, path), 'a'.repeat(100_000))
    },
  },
]
