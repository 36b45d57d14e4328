import assert from 'node:assert/strict'
import { seededRandom } from '../fakes/seeded-random.ts'
import { skipCase } from './contract.ts'
import { refuses } from './refusals.ts'
import { shell, textAt, utf8 } from './sandbox-case.ts'
import { contentOf, operation, type WorkspaceCase } from './workspace-case.ts'

/** Keeping trees and giving them back. */
export const workspaceSnapshotCases: readonly WorkspaceCase[] = [
  {
    title: 'snapshot: gives a ref and says what it took',
    run: async ({ workspace, begin }) => {
      const { handle } = await begin({ '/workspace/a': '12345', '/workspace/b/c': '678' })
      const { ref, changed, files, bytes, writtenBytes } = await workspace.snapshot(operation({ handle }))
      assert.ok(typeof ref === 'string' && ref !== '')
      assert.deepEqual({ changed, files, bytes }, { changed: true, files: 2, bytes: 8 })
      assert.ok(writtenBytes >= 8, 'all content was new')
    },
  },
  {
    title: 'snapshot: a tree that is equal to the one before gives the same ref and writes nothing',
    run: async ({ workspace, begin }) => {
      const { handle, files } = await begin({ '/workspace/a': '12345', '/workspace/b': '' })
      const first = await workspace.snapshot(operation({ handle }))
      const unchanged = { ref: first.ref, changed: false, files: 2, bytes: 5, writtenBytes: 0 }
      assert.deepEqual(await workspace.snapshot(operation({ handle })), unchanged)
      await files.write('/workspace/a', utf8('12345'))
      await files.write('/workspace/c', utf8('gone again'))
      await files.remove('/workspace/c')
      assert.deepEqual(await workspace.snapshot(operation({ handle })), unchanged)
    },
  },
  {
    title: 'snapshot: sees every change of content, also of one byte and of the same size',
    run: async ({ workspace, begin, restore }) => {
      const { handle, files } = await begin({ '/workspace/a': 'aaaa' })
      const refs = new Set<string>()
      for (const text of ['aaaa', 'aaab', 'baaa', 'baa', '']) {
        await files.write('/workspace/a', utf8(text))
        const { ref } = await workspace.snapshot(operation({ handle }))
        refs.add(ref)
        assert.equal(await textAt((await restore(ref)).files, '/workspace/a'), text)
      }
      assert.equal(refs.size, 5)
    },
  },
  {
    title: 'snapshot: sees a changed mode, a new name and a new empty directory',
    run: async ({ workspace, begin }) => {
      const { handle, files } = await begin({ '/workspace/a': 'x' })
      const changes = [
        () => files.write('/workspace/a', utf8('x'), { mode: 0o755 }),
        () => files.write('/workspace/b', utf8('x')),
        () => files.remove('/workspace/b'),
        () => files.write('/workspace/d/e', utf8('')),
        () => files.remove('/workspace/d/e'),
        () => files.remove('/workspace/d'),
      ]
      let { ref } = await workspace.snapshot(operation({ handle }))
      for (const change of changes) {
        await change()
        const next = await workspace.snapshot(operation({ handle }))
        assert.equal(next.changed, true)
        assert.notEqual(next.ref, ref)
        ref = next.ref
      }
    },
  },
  {
    title: 'snapshot: never changes, whatever is written afterwards',
    run: async ({ workspace, begin, restore }) => {
      const { handle, files } = await begin({ '/workspace/a/b': 'before', '/workspace/c': 'before' })
      const { ref } = await workspace.snapshot(operation({ handle }))
      await files.write('/workspace/a/b', utf8('after'))
      await files.remove('/workspace/c')
      await files.write('/workspace/d', utf8('after'))
      await workspace.snapshot(operation({ handle }))
      const restored = await restore(ref)
      assert.deepEqual(await contentOf(restored.files), {
        '/workspace/a': null,
        '/workspace/a/b': ['before', 0o644],
        '/workspace/c': ['before', 0o644],
      })
      await restored.files.write('/workspace/c', utf8('changed'))
      assert.equal(await textAt((await restore(ref)).files, '/workspace/c'), 'before')
    },
  },
  {
    title: 'snapshot: content that is stored is not stored again',
    run: async ({ workspace, begin }) => {
      // Nothing in it repeats, so that an adapter that packs what it stores is measured as well.
      const random = seededRandom(7)
      const large = Uint8Array.from({ length: 200_000 }, () => Math.floor(random() * 256))
      const first = await begin()
      await first.files.write('/workspace/a', large)
      const { writtenBytes } = await workspace.snapshot(operation({ handle: first.handle }))
      assert.ok(writtenBytes >= 200_000)
      await first.files.write('/workspace/c', utf8('small'))
      const more = await workspace.snapshot(operation({ handle: first.handle }))
      assert.ok(more.writtenBytes < 100_000, 'one small file was new')
      const other = await begin({}, 'other')
      await other.files.write('/workspace/z/y', large)
      const same = await workspace.snapshot(operation({ handle: other.handle, runId: 'other' }))
      assert.ok(same.writtenBytes < 100_000, 'equal content is stored once, whoever has it')
    },
  },
  {
    title: 'snapshot: a workspace that is not open is missing',
    run: async ({ workspace }) => {
      for (const handle of ['none', '', '..', '__proto__']) {
        await refuses(() => workspace.snapshot(operation({ handle })), 'workspace/missing')
      }
    },
  },
  {
    title: 'restore: gives the tree byte for byte, with modes and empty directories',
    run: async ({ workspace, begin, restore }) => {
      const { handle, files } = await begin({
        '/workspace/a': '',
        '/workspace/d/e/f': 'deep',
        '/workspace/g/h': 'gone',
      })
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31 + (index >> 8)) % 256)
      await files.write('/workspace/bytes', bytes)
      for (const mode of [0o400, 0o600, 0o755, 0o777]) {
        await files.write(`/workspace/mode-${mode}`, utf8(`${mode}`), { mode })
      }
      await files.remove('/workspace/g/h')
      const content = await contentOf(files)
      assert.equal(content['/workspace/g'], null)
      const { ref } = await workspace.snapshot(operation({ handle }))
      const restored = await restore(ref)
      assert.deepEqual(await contentOf(restored.files), content)
      const read = (await restored.files.read('/workspace/bytes'))?.bytes ?? assert.fail('nothing there')
      assert.equal(Buffer.compare(read, bytes), 0)
    },
  },
  {
    title: 'restore: every name comes back',
    run: async ({ workspace, begin, restore }) => {
      const plain = ['__proto__', ' ', '-rf', '*', '%2e%2e', 'a\\b', '...', '.hidden', 'a\nb', '"', "'"]
      const names = [...plain, '\u00e9', 'e\u0301', 'case', 'CASE', '\u{1f600}', 'a'.repeat(255)]
      const { handle, files } = await begin(
        Object.fromEntries(names.map((name) => [`/workspace/${name}/${name}`, name])),
      )
      const content = await contentOf(files)
      assert.equal(Object.keys(content).length, 2 * names.length)
      const { ref } = await workspace.snapshot(operation({ handle }))
      assert.deepEqual(await contentOf((await restore(ref)).files), content)
    },
  },
  {
    title: 'restore: an empty tree comes back empty',
    run: async ({ workspace, begin, restore }) => {
      const { handle } = await begin()
      const taken = await workspace.snapshot(operation({ handle }))
      assert.deepEqual([taken.files, taken.bytes], [0, 0])
      assert.deepEqual(await contentOf((await restore(taken.ref)).files), {})
    },
  },
  {
    title: 'restore: gives a new tree each time, which shares nothing with the old one',
    run: async ({ workspace, begin, restore }) => {
      const old = await begin({ '/workspace/a': 'x' })
      const { ref } = await workspace.snapshot(operation({ handle: old.handle }))
      const [first, second] = [await restore(ref), await restore(ref)]
      assert.equal(new Set([old.handle, first.handle, second.handle]).size, 3)
      await first.files.write('/workspace/a', utf8('first'))
      await old.files.write('/workspace/a', utf8('old'))
      await old.files.write('/workspace/b', utf8('old'))
      assert.deepEqual(await contentOf(second.files), { '/workspace/a': ['x', 0o644] })
      assert.equal(await textAt(first.files, '/workspace/a'), 'first')
    },
  },
  {
    title: 'restore: the workspace is equal to its ref until something changes',
    run: async ({ workspace, begin, box }) => {
      const { handle } = await begin({ '/workspace/a': 'x', '/workspace/b/c': 'y' })
      const { ref } = await workspace.snapshot(operation({ handle }))
      const opened = await workspace.restore(operation({ ref }))
      assert.equal(opened.ref, ref)
      const same = await workspace.snapshot(operation({ handle: opened.handle }))
      assert.deepEqual([same.ref, same.changed, same.writtenBytes], [ref, false, 0])
      await (await box(opened.handle)).files.write('/workspace/a', utf8('z'))
      const next = await workspace.snapshot(operation({ handle: opened.handle }))
      assert.deepEqual([next.changed, next.ref === ref], [true, false])
    },
  },
  {
    title: 'restore: a ref is good for every run and session of its place',
    run: async ({ workspace, begin, box }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const { ref } = await workspace.snapshot(operation({ handle }))
      const other = await workspace.restore(operation({ ref, runId: 'other', sessionId: 'another' }))
      assert.equal(await textAt((await box(other.handle)).files, '/workspace/a'), 'x')
    },
  },
  {
    title: 'restore: what is no ref of this adapter is refused as that',
    run: async ({ workspace }) => {
      for (const ref of [
        '',
        'x',
        '../../etc/passwd',
        '__proto__',
        'a\0b',
        `other-adapter:${'0'.repeat(64)}`,
      ]) {
        await refuses(() => workspace.restore(operation({ ref })), 'workspace/invalid-ref')
      }
    },
  },
  {
    title: 'restore: what is stored and does not match its ref is corrupt',
    run: async ({ workspace, begin, place }) => {
      if (place.damage === undefined) skipCase('nothing that is stored here can be damaged')
      const { handle } = await begin({ '/workspace/a': 'x'.repeat(1_000) })
      const { ref } = await workspace.snapshot(operation({ handle }))
      await place.damage(ref)
      await refuses(() => workspace.restore(operation({ ref })), 'workspace/corrupt')
    },
  },
  {
    title: 'tree: links come back as links and are never followed',
    needs: ['sandbox.exec'],
    run: async ({ workspace, begin, restore }) => {
      const { handle, box } = await begin({ '/workspace/a/b': 'x' })
      await shell(box, 'ln -s /etc/passwd out; ln -s a/b in; ln -s a dir; ln -s none broken; ln -s . a/loop')
      const taken = await workspace.snapshot(operation({ handle }))
      assert.deepEqual([taken.files >= 1, taken.bytes < 100], [true, true])
      const restored = await restore(taken.ref)
      const read = 'for l in out in dir broken a/loop; do readlink $l; done'
      assert.equal(await shell(restored.box, read), '/etc/passwd\na/b\na\nnone\n.\n')
      const same = await workspace.snapshot(operation({ handle: restored.handle }))
      assert.deepEqual([same.ref, same.changed], [taken.ref, false])
      await shell(restored.box, 'rm in; ln -s a/c in')
      assert.equal((await workspace.snapshot(operation({ handle: restored.handle }))).changed, true)
    },
  },
  {
    title: 'tree: a pipe is refused with its path, nothing is kept, and the workspace stays',
    needs: ['sandbox.exec'],
    run: async ({ workspace, begin, restore }) => {
      const { handle, box, files } = await begin({ '/workspace/a/b': 'x' })
      await shell(box, 'mkfifo a/pipe')
      const error = await refuses(() => workspace.snapshot(operation({ handle })), 'workspace/tree', {
        reason: 'special',
      })
      assert.match(JSON.stringify(error.meta['path']), /a\/pipe"$/)
      await files.remove('/workspace/a/pipe')
      const { ref } = await workspace.snapshot(operation({ handle }))
      assert.equal(await textAt((await restore(ref)).files, '/workspace/a/b'), 'x')
    },
  },
  {
    title: 'tree: what a command changed without a trace in size is seen',
    needs: ['sandbox.exec'],
    run: async ({ workspace, begin, restore }) => {
      const { handle, box } = await begin({ '/workspace/a': 'before' })
      await workspace.snapshot(operation({ handle }))
      await shell(
        box,
        'printf "after!" > new; touch -r a new; cat new > a; touch -r new a; rm new; mkdir -p e/f',
      )
      const { ref, changed } = await workspace.snapshot(operation({ handle }))
      assert.equal(changed, true)
      const restored = await restore(ref)
      assert.deepEqual(await contentOf(restored.files), {
        '/workspace/a': ['after!', 0o644],
        '/workspace/e': null,
        '/workspace/e/f': null,
      })
    },
  },
]
