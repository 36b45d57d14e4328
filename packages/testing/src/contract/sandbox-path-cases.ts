import assert from 'node:assert/strict'
import type { SandboxFiles } from '@belay/core/ports'
import { namesAt, refusesPath, textAt, utf8, writeAll, type SandboxCase } from './sandbox-case.ts'

/** Every call that takes a path, with that path. */
export function callsAt(files: SandboxFiles, path: string): Readonly<Record<string, () => Promise<unknown>>> {
  return {
    read: () => files.read(path),
    write: () => files.write(path, utf8('x')),
    edit: () => files.edit(path, { find: 'a', replace: 'b' }),
    list: () => files.list(path),
    glob: () => files.glob('**', { path }),
    grep: () => files.grep('.', { path }),
    stat: () => files.stat(path),
    remove: () => files.remove(path),
    mount: () => files.mount(path, []),
  }
}

async function allRefuse(files: SandboxFiles, path: string, reason: string): Promise<void> {
  for (const call of Object.values(callsAt(files, path))) await refusesPath(call, reason)
}

/** Which paths there are. */
export const sandboxPathCases: readonly SandboxCase[] = [
  {
    title: 'paths: a relative one is refused by every call',
    run: async ({ files }) => {
      for (const path of ['', 'a', 'workspace/a', '../a', './a', '~/a'])
        await allRefuse(files, path, 'relative')
    },
  },
  {
    title: 'paths: one that is not normal is refused by every call, and never repaired',
    run: async ({ files }) => {
      await writeAll(files, { '/workspace/a/b': 'x' })
      const crooked = ['/workspace/', '/workspace/a/', '/workspace//a', '//workspace/a', '/workspace/./a']
      const climbing = [
        '/workspace/../workspace/a',
        '/workspace/a/..',
        '/workspace/..',
        '/workspace/../etc/passwd',
      ]
      for (const path of [...crooked, ...climbing, '/skills/x/../../workspace/a']) {
        await allRefuse(files, path, 'not_normal')
      }
      assert.equal(await textAt(files, '/workspace/a/b'), 'x')
    },
  },
  {
    title: 'paths: only /workspace and /skills/<name> can be named',
    run: async ({ files }) => {
      const outside = [
        '/etc/passwd',
        '/tmp',
        '/workspaces/a',
        '/workspaceX',
        '/WORKSPACE/a',
        '/proc/self/root/etc/passwd',
      ]
      for (const path of outside) await allRefuse(files, path, 'outside')
    },
  },
  {
    title: 'paths: a NUL, half of a character and names that are too long are refused',
    run: async ({ files }) => {
      const long = `/workspace${`/${'a'.repeat(99)}`.repeat(41)}`
      const parts = [`/workspace/${'a'.repeat(256)}`, `/workspace/${'\u00fc'.repeat(128)}`, long]
      for (const path of ['/workspace/a\0b', '/workspace/\ud800', ...parts])
        await allRefuse(files, path, 'name')
    },
  },
  {
    title: 'paths: names of 255 bytes are taken',
    run: async ({ files }) => {
      const names = ['a'.repeat(255), `${'\u00fc'.repeat(127)}a`]
      for (const name of names) await files.write(`/workspace/${name}`, utf8(name))
      for (const name of names) assert.equal(await textAt(files, `/workspace/${name}`), name)
    },
  },
  {
    title: 'paths: every name is taken literally and is a name of its own',
    run: async ({ files }) => {
      const plain = [
        '__proto__',
        'constructor',
        ' ',
        'a b',
        '-rf',
        '*',
        '$HOME',
        '%2e%2e',
        'a\\b',
        '...',
        '.hidden',
        'a\nb',
      ]
      const alike = ['\u00e9', 'e\u0301', 'case', 'CASE', '\u{1f600}']
      const names = [...plain, ...alike]
      for (const name of names) await files.write(`/workspace/${name}`, utf8(`of ${name}`))
      assert.deepEqual(await namesAt(files, '/workspace'), names.toSorted())
      for (const name of names) assert.equal(await textAt(files, `/workspace/${name}`), `of ${name}`)
    },
  },
  {
    title: 'paths: nothing is written through a file or in the place of a directory',
    run: async ({ files }) => {
      await writeAll(files, { '/workspace/file': 'x', '/workspace/folder/a': 'y' })
      await refusesPath(() => files.write('/workspace/file/below', utf8('z')), 'not_a_directory')
      await refusesPath(() => files.write('/workspace/folder', utf8('z')), 'not_a_file')
      await refusesPath(() => files.write('/workspace', utf8('z')), 'not_a_file')
      assert.equal(await textAt(files, '/workspace/file'), 'x')
      assert.equal(await textAt(files, '/workspace/folder/a'), 'y')
    },
  },
  {
    title: 'paths: a mounted skill cannot be written, edited or removed',
    run: async ({ files }) => {
      await files.mount('/skills/one', [{ path: 'a', bytes: utf8('kept') }])
      await refusesPath(() => files.write('/skills/one/a', utf8('x')), 'read_only')
      await refusesPath(() => files.write('/skills/one/b', utf8('x')), 'read_only')
      await refusesPath(() => files.write('/skills/two/b', utf8('x')), 'read_only')
      await refusesPath(() => files.edit('/skills/one/a', { find: 'k', replace: 'x' }), 'read_only')
      await refusesPath(() => files.remove('/skills/one/a'), 'read_only')
      await refusesPath(() => files.remove('/skills/one'), 'read_only')
      assert.equal(await textAt(files, '/skills/one/a'), 'kept')
    },
  },
]
