import assert from 'node:assert/strict'
import { refusesMisuse } from './refusals.ts'
import { namesAt, refusesPath, textAt, textOf, utf8, writeAll, type SandboxCase } from './sandbox-case.ts'

/** Reading and writing whole files and parts of them. */
export const sandboxFileCases: readonly SandboxCase[] = [
  {
    title: 'read: gives undefined where there is nothing',
    run: async ({ files }) => {
      for (const path of ['/workspace/a', '/workspace/a/b/c', '/workspace/__proto__', '/skills/none/a']) {
        assert.equal(await files.read(path), undefined)
      }
    },
  },
  {
    title: 'read: gives what was written, byte for byte',
    run: async ({ files }) => {
      const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 8)) % 256)
      for (const content of [bytes, new Uint8Array(), utf8('\ufeffa\r\n\0b')]) {
        await files.write('/workspace/file', content)
        const {
          bytes: read,
          size,
          truncated,
        } = (await files.read('/workspace/file')) ?? assert.fail('nothing there')
        assert.equal(Buffer.compare(read, content), 0)
        assert.deepEqual({ size, truncated }, { size: content.length, truncated: false })
      }
    },
  },
  {
    title: 'read: gives a part by offset and limit, and says whether there is more',
    run: async ({ files }) => {
      await files.write('/workspace/file', utf8('0123456789'))
      const part = async (offset: number, limit?: number) => {
        const found = await files.read('/workspace/file', { offset, ...(limit !== undefined && { limit }) })
        return [textOf(found?.bytes), found?.size, found?.truncated]
      }
      assert.deepEqual(await part(0, 4), ['0123', 10, true])
      assert.deepEqual(await part(4, 6), ['456789', 10, false])
      assert.deepEqual(await part(4, 5), ['45678', 10, true])
      assert.deepEqual(await part(8), ['89', 10, false])
      assert.deepEqual(await part(10, 5), ['', 10, false])
      assert.deepEqual(await part(1_000, 5), ['', 10, false])
      assert.deepEqual(await part(3, 0), ['', 10, true])
    },
  },
  {
    title: 'read: an offset or a limit out of range is misuse',
    run: async ({ files }) => {
      await files.write('/workspace/file', utf8('x'))
      for (const options of [
        { offset: -1 },
        { offset: 0.5 },
        { limit: -1 },
        { limit: 67_108_865 },
        { limit: Number.NaN },
      ]) {
        await refusesMisuse(() => files.read('/workspace/file', options))
      }
    },
  },
  {
    title: 'read: a directory is refused',
    run: async ({ files }) => {
      await writeAll(files, { '/workspace/a/b': 'x' })
      await refusesPath(() => files.read('/workspace/a'), 'not_a_file')
      await refusesPath(() => files.read('/workspace'), 'not_a_file')
    },
  },
  {
    title: 'write: replaces the file whole and makes missing directories',
    run: async ({ files }) => {
      await files.write('/workspace/a/b/c', utf8('a long text'))
      await files.write('/workspace/a/b/c', utf8('short'))
      assert.equal(await textAt(files, '/workspace/a/b/c'), 'short')
      assert.deepEqual(await namesAt(files, '/workspace/a'), ['b'])
      assert.deepEqual(await namesAt(files, '/workspace/a/b'), ['c'])
    },
  },
  {
    title: 'write: bytes belong to the caller before and after a call',
    run: async ({ files }) => {
      const given = utf8('given')
      const pool = new Uint8Array(64).fill(0x78)
      await files.write('/workspace/a', given)
      await files.write('/workspace/b', pool.subarray(10, 15))
      given.fill(0x21)
      ;(await files.read('/workspace/a'))?.bytes.fill(0x3f)
      assert.equal(await textAt(files, '/workspace/a'), 'given')
      assert.equal(await textAt(files, '/workspace/b'), 'xxxxx')
    },
  },
  {
    title: 'write: a mode is taken, stays when the file is written again, and is 0o644 without one',
    run: async ({ files }) => {
      const modeOf = async (path: string) => (await files.stat(path))?.mode
      await files.write('/workspace/plain', utf8('x'))
      await files.write('/workspace/run', utf8('x'), { mode: 0o750 })
      assert.deepEqual([await modeOf('/workspace/plain'), await modeOf('/workspace/run')], [0o644, 0o750])
      await files.write('/workspace/run', utf8('y'))
      assert.equal(await modeOf('/workspace/run'), 0o750)
      await files.write('/workspace/run', utf8('y'), { mode: 0o600 })
      assert.equal(await modeOf('/workspace/run'), 0o600)
    },
  },
  {
    title: 'write: a mode out of range, and content that is no bytes, are misuse and change nothing',
    run: async ({ files }) => {
      await files.write('/workspace/a', utf8('before'))
      for (const mode of [-1, 0o1000, 0o4755, 1.5]) {
        await refusesMisuse(() => files.write('/workspace/a', utf8('x'), { mode }))
      }
      await refusesMisuse(() => files.write('/workspace/a', 'text' as never))
      assert.equal(await textAt(files, '/workspace/a'), 'before')
    },
  },
  {
    title: 'write: a reader sees the old content or the new one, whole',
    run: async ({ files }) => {
      const contents = ['a', 'b', 'c'].map((letter, index) => letter.repeat(200_000 + index))
      await files.write('/workspace/file', utf8(contents[0] ?? ''))
      const writing = contents.map((content) => files.write('/workspace/file', utf8(content)))
      const seen = await Promise.all(Array.from({ length: 12 }, () => textAt(files, '/workspace/file')))
      await Promise.all(writing)
      for (const text of [...seen, await textAt(files, '/workspace/file')]) {
        assert.ok(text !== undefined && contents.includes(text), 'a file was seen half written')
      }
      assert.deepEqual(await namesAt(files, '/workspace'), ['file'])
    },
  },
  {
    title: 'write: an aborted signal refuses with its reason and changes nothing',
    run: async ({ files }) => {
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await assert.rejects(files.write('/workspace/a', utf8('x'), { signal }), reason)
      await assert.rejects(files.read('/workspace/a', { signal }), reason)
      assert.equal(await files.stat('/workspace/a'), undefined)
    },
  },
  {
    title: 'stat: gives kind, size, mode and time, and undefined where there is nothing',
    run: async ({ files }) => {
      await files.write('/workspace/a/b', utf8('12345'))
      const file = (await files.stat('/workspace/a/b')) ?? assert.fail('nothing there')
      const { modifiedAt, ...facts } = file
      assert.deepEqual(facts, { kind: 'file', size: 5, mode: 0o644 })
      assert.ok(Number.isFinite(modifiedAt) && modifiedAt > 0)
      const folder = await files.stat('/workspace/a')
      assert.deepEqual([folder?.kind, folder?.size], ['directory', 0])
      assert.equal((await files.stat('/workspace'))?.kind, 'directory')
      assert.equal(await files.stat('/workspace/none'), undefined)
      assert.equal(await files.stat('/workspace/none/a'), undefined)
    },
  },
  {
    title: 'list: gives entries by name in the order of UTF-16 units, with kinds and sizes',
    run: async ({ files }) => {
      await writeAll(files, {
        '/workspace/b': '12',
        '/workspace/B': '1',
        '/workspace/a/x': '',
        '/workspace/a-b': '',
      })
      await writeAll(files, { '/workspace/\uff5e': '', '/workspace/\u{1f600}': '' })
      assert.deepEqual(await files.list('/workspace'), {
        entries: [
          { name: 'B', kind: 'file', size: 1 },
          { name: 'a', kind: 'directory', size: 0 },
          { name: 'a-b', kind: 'file', size: 0 },
          { name: 'b', kind: 'file', size: 2 },
          { name: '\u{1f600}', kind: 'file', size: 0 },
          { name: '\uff5e', kind: 'file', size: 0 },
        ],
        truncated: false,
      })
    },
  },
  {
    title: 'list: is cut at its limit and says so',
    run: async ({ files }) => {
      await writeAll(files, { '/workspace/c': '', '/workspace/a': '', '/workspace/b': '' })
      const names = async (limit: number) => {
        const found = await files.list('/workspace', { limit })
        return [found?.entries.map(({ name }) => name), found?.truncated]
      }
      assert.deepEqual(await names(2), [['a', 'b'], true])
      assert.deepEqual(await names(3), [['a', 'b', 'c'], false])
      for (const limit of [0, 10_001, 1.5]) await refusesMisuse(() => files.list('/workspace', { limit }))
    },
  },
  {
    title: 'list: an empty workspace is empty, nothing is undefined, a file is refused',
    run: async ({ files }) => {
      assert.deepEqual(await files.list('/workspace'), { entries: [], truncated: false })
      assert.equal(await files.list('/workspace/none'), undefined)
      assert.equal(await files.list('/skills/none'), undefined)
      await files.write('/workspace/file', utf8('x'))
      await refusesPath(() => files.list('/workspace/file'), 'not_a_directory')
    },
  },
  {
    title:
      'remove: takes a file, or a directory with all that is in it, and says whether there was something',
    run: async ({ files }) => {
      await writeAll(files, {
        '/workspace/a/b/c': 'x',
        '/workspace/a/d': 'y',
        '/workspace/e': 'z',
        '/workspace/ab': 'w',
      })
      assert.equal(await files.remove('/workspace/none'), false)
      assert.equal(await files.remove('/workspace/none/at/all'), false)
      assert.equal(await files.remove('/workspace/e'), true)
      assert.equal(await files.remove('/workspace/a'), true)
      assert.equal(await files.remove('/workspace/a'), false)
      assert.deepEqual(await namesAt(files, '/workspace'), ['ab'])
    },
  },
  {
    title: 'remove: the workspace itself is emptied and stays',
    run: async ({ files }) => {
      await writeAll(files, { '/workspace/a/b': 'x', '/workspace/.c': 'y' })
      await files.remove('/workspace')
      assert.deepEqual(await files.list('/workspace'), { entries: [], truncated: false })
      await files.write('/workspace/a', utf8('again'))
      assert.equal(await textAt(files, '/workspace/a'), 'again')
    },
  },
]
