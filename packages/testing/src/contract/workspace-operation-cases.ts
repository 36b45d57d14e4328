import assert from 'node:assert/strict'
import { refuses } from './refusals.ts'
import { textAt, utf8 } from './sandbox-case.ts'
import { operation, type WorkspaceCase } from './workspace-case.ts'

/** Repeating calls. */
export const workspaceOperationCases: readonly WorkspaceCase[] = [
  {
    title: 'operation: open again gives the first workspace, with what is in it',
    run: async ({ workspace, box }) => {
      const once = operation()
      const first = await workspace.open(once)
      await (await box(first.handle)).files.write('/workspace/a', utf8('x'))
      assert.deepEqual(await workspace.open(once), first)
      assert.equal(await textAt((await box(first.handle)).files, '/workspace/a'), 'x')
    },
  },
  {
    title: 'operation: snapshot again gives the first result, although the tree has changed',
    run: async ({ workspace, begin, restore }) => {
      const { handle, files } = await begin({ '/workspace/a': 'first' })
      const once = operation({ handle })
      const first = await workspace.snapshot(once)
      await files.write('/workspace/a', utf8('second'))
      assert.deepEqual(await workspace.snapshot(once), first)
      assert.equal(await textAt((await restore(first.ref)).files, '/workspace/a'), 'first')
      const next = await workspace.snapshot(operation({ handle }))
      assert.equal(await textAt((await restore(next.ref)).files, '/workspace/a'), 'second')
    },
  },
  {
    title: 'operation: restore again gives the first workspace',
    run: async ({ workspace, begin, box }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const { ref } = await workspace.snapshot(operation({ handle }))
      const once = operation({ ref })
      const first = await workspace.restore(once)
      await (await box(first.handle)).files.write('/workspace/a', utf8('y'))
      assert.deepEqual(await workspace.restore(once), first)
      assert.equal(await textAt((await box(first.handle)).files, '/workspace/a'), 'y')
    },
  },
  {
    title: 'operation: calls of one operation at once give one result',
    run: async ({ workspace, begin }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const opening = operation()
      const opened = await Promise.all(Array.from({ length: 4 }, () => workspace.open(opening)))
      assert.equal(new Set(opened.map((each) => each.handle)).size, 1)
      const taking = operation({ handle })
      const taken = await Promise.all(Array.from({ length: 4 }, () => workspace.snapshot(taking)))
      assert.equal(new Set(taken.map((each) => JSON.stringify(each))).size, 1)
    },
  },
  {
    title: 'operation: for another run or session it is a conflict, and nothing is done',
    run: async ({ workspace, begin, restore }) => {
      const { handle, files } = await begin({ '/workspace/a': 'x' })
      const once = operation({ handle })
      const { ref } = await workspace.snapshot(once)
      const other = await begin({ '/workspace/a': 'z' }, 'other')
      await refuses(() => workspace.snapshot({ ...once, sessionId: 'other' }), 'workspace/conflict')
      await refuses(
        () => workspace.snapshot({ ...once, runId: 'other', handle: other.handle }),
        'workspace/conflict',
      )
      const opening = operation()
      await workspace.open(opening)
      await refuses(() => workspace.open({ ...opening, runId: 'other' }), 'workspace/conflict')
      await refuses(() => workspace.open({ ...opening, sessionId: 'other' }), 'workspace/conflict')
      assert.equal(await textAt(files, '/workspace/a'), 'x')
      assert.equal(await textAt((await restore(ref)).files, '/workspace/a'), 'x')
    },
  },
  {
    title: 'operation: for another call it is a conflict, and nothing is done',
    run: async ({ workspace, begin }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const { ref } = await workspace.snapshot(operation({ handle }))
      const opening = operation()
      await workspace.open(opening)
      await refuses(() => workspace.snapshot({ ...opening, handle }), 'workspace/conflict')
      await refuses(() => workspace.restore({ ...opening, ref }), 'workspace/conflict')
      await refuses(() => workspace.abort(opening), 'workspace/conflict')
      await workspace.open(operation())
    },
  },
  {
    title: 'operation: one that failed did nothing and may be made again',
    run: async ({ workspace, begin }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const once = operation({ handle })
      await assert.rejects(workspace.snapshot({ ...once, signal: AbortSignal.abort(new Error('enough')) }))
      assert.equal((await workspace.snapshot(once)).changed, true)
    },
  },
  {
    title: 'persistent: snapshots outlive their adapter, whole',
    needs: ['workspace.persistent'],
    run: async ({ workspace, begin, reopen }) => {
      const { handle, files } = await begin({ '/workspace/a/b': 'x' })
      await files.write('/workspace/run', utf8('y'), { mode: 0o755 })
      const { ref } = await workspace.snapshot(operation({ handle }))
      const later = await reopen()
      const restored = await later.restore(ref)
      assert.equal(await textAt(restored.files, '/workspace/a/b'), 'x')
      assert.equal((await restored.files.stat('/workspace/run'))?.mode, 0o755)
      await refuses(() => later.box(handle), 'workspace/missing')
    },
  },
  {
    title: 'persistent: a repeated snapshot gives its first result, and an aborted run stays aborted',
    needs: ['workspace.persistent'],
    run: async ({ workspace, begin, reopen }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const once = operation({ handle })
      const first = await workspace.snapshot(once)
      await workspace.abort(operation({ runId: 'cancelled' }))
      const later = await reopen()
      assert.deepEqual(await later.workspace.snapshot(once), first)
      await refuses(() => later.workspace.snapshot({ ...once, sessionId: 'other' }), 'workspace/conflict')
      await refuses(() => later.workspace.open(operation({ runId: 'cancelled' })), 'workspace/aborted')
    },
  },
]
