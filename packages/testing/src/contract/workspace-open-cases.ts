import assert from 'node:assert/strict'
import { isCodedError, sandboxErrorCodes } from '@belay/core/ports'
import { refuses, refusesMisuse } from './refusals.ts'
import { textAt, utf8 } from './sandbox-case.ts'
import { contentOf, operation, type WorkspaceCase } from './workspace-case.ts'

/** New workspaces, and letting go of them. */
export const workspaceOpenCases: readonly WorkspaceCase[] = [
  {
    title: 'info: says what it is, and inspect says what is in force',
    run: async ({ workspace }) => {
      assert.equal(workspace.info.specs.workspace, 'workspace/1')
      assert.ok(workspace.info.capabilities.includes('workspace.snapshot'))
      const { quota, encryptedAtRest, retentionMs } = workspace.inspect()
      assert.equal(encryptedAtRest, workspace.info.capabilities.includes('workspace.encrypted'))
      for (const limit of [quota.bytes, quota.files, quota.fileBytes, retentionMs]) {
        assert.ok(limit === undefined || (Number.isFinite(limit) && limit >= 0))
      }
      const isLimited = [quota.bytes, quota.files, quota.fileBytes].some((limit) => limit !== undefined)
      assert.ok(!isLimited || workspace.info.capabilities.includes('workspace.quota'))
    },
  },
  {
    title: 'open: gives a workspace that a sandbox works on',
    run: async ({ workspace, box }) => {
      const { handle } = await workspace.open(operation())
      const first = await box(handle)
      await first.files.write('/workspace/a', utf8('x'))
      await first.close()
      assert.equal(await textAt((await box(handle)).files, '/workspace/a'), 'x')
    },
  },
  {
    title: 'open: two workspaces never share a tree, also those of one run',
    run: async ({ begin }) => {
      const [first, second, other] = [await begin(), await begin(), await begin({}, 'other')]
      assert.equal(new Set([first.handle, second.handle, other.handle]).size, 3)
      await first.files.write('/workspace/a', utf8('first'))
      assert.equal(await second.files.stat('/workspace/a'), undefined)
      assert.equal(await other.files.stat('/workspace/a'), undefined)
    },
  },
  {
    title: 'open: names are taken literally, and out of range they are misuse',
    run: async ({ workspace, box }) => {
      const hostile = ['../../etc', '/', 'a\0b', '__proto__', '%2e%2e', ' ', '\u{1f600}', 'x'.repeat(512)]
      for (const name of hostile) {
        const { handle } = await workspace.open({
          operation: `of ${name}`.slice(0, 512),
          runId: name,
          sessionId: name,
        })
        await (await box(handle)).files.write('/workspace/a', utf8('x'))
      }
      for (const name of ['', 'x'.repeat(513), 7 as never]) {
        for (const key of ['operation', 'runId', 'sessionId']) {
          await refusesMisuse(() => workspace.open(operation({ [key]: name })))
        }
      }
    },
  },
  {
    title: 'signal: an aborted one refuses every call with its reason',
    run: async ({ workspace, begin }) => {
      const { handle } = await begin()
      const { ref } = await workspace.snapshot(operation({ handle }))
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await assert.rejects(workspace.open(operation({ signal })), reason)
      await assert.rejects(workspace.snapshot(operation({ signal, handle })), reason)
      await assert.rejects(workspace.restore(operation({ signal, ref })), reason)
    },
  },
  {
    title: 'release: the tree is gone, its snapshots stay, and it may be repeated',
    run: async ({ workspace, begin, box, restore }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const kept = await begin({ '/workspace/b': 'y' })
      const { ref } = await workspace.snapshot(operation({ handle }))
      await workspace.release(handle)
      await workspace.release(handle)
      await workspace.release('none')
      await refuses(() => box(handle), 'workspace/missing')
      await refuses(() => workspace.snapshot(operation({ handle })), 'workspace/missing')
      assert.equal(await textAt((await restore(ref)).files, '/workspace/a'), 'x')
      assert.equal(await textAt(kept.files, '/workspace/b'), 'y')
    },
  },
  {
    title: 'abort: the run can open, snapshot and restore nothing any more',
    run: async ({ workspace, begin, box }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const { ref } = await workspace.snapshot(operation({ handle }))
      await workspace.abort(operation())
      await refuses(() => workspace.open(operation()), 'workspace/aborted')
      await refuses(() => workspace.snapshot(operation({ handle })), 'workspace/aborted')
      await refuses(() => workspace.restore(operation({ ref })), 'workspace/aborted')
      await refuses(() => box(handle), 'workspace/missing')
    },
  },
  {
    title: 'abort: other runs go on, also from a snapshot of the run',
    run: async ({ workspace, begin, restore }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const other = await begin({ '/workspace/b': 'y' }, 'other')
      const { ref } = await workspace.snapshot(operation({ handle }))
      await workspace.abort(operation())
      assert.equal(await textAt(other.files, '/workspace/b'), 'y')
      assert.equal(await textAt((await restore(ref, 'other')).files, '/workspace/a'), 'x')
    },
  },
  {
    title: 'abort: may be repeated, and be of a run without a workspace',
    run: async ({ workspace }) => {
      const once = operation({ runId: 'never opened' })
      await workspace.abort(once)
      await workspace.abort(once)
      await workspace.abort(operation({ runId: 'never opened' }))
      await refuses(() => workspace.open(operation({ runId: 'never opened' })), 'workspace/aborted')
    },
  },
  {
    title: 'close: every later call is refused, and closing again does nothing',
    run: async ({ workspace, begin }) => {
      const { handle } = await begin({ '/workspace/a': 'x' })
      const { ref } = await workspace.snapshot(operation({ handle }))
      await workspace.close()
      await workspace.close()
      const calls = [
        () => workspace.open(operation()),
        () => workspace.snapshot(operation({ handle })),
        () => workspace.restore(operation({ ref })),
        () => workspace.abort(operation()),
        () => workspace.sweep([], 0),
      ]
      for (const call of calls) await refuses(call, 'workspace/closed')
      assert.ok(workspace.inspect().quota)
    },
  },
  {
    title: 'quota: what a command wrote beyond it cannot be kept',
    needs: ['sandbox.exec'],
    wishes: { quota: { bytes: 10_000, files: 4, fileBytes: 6_000 } },
    run: async ({ workspace, begin }) => {
      const { quota } = workspace.inspect()
      const beyond = {
        bytes: [quota.bytes, 'for n in 1 2 3; do head -c 4000 /dev/zero > $n; done'],
        files: [quota.files, 'for n in 1 2 3 4 5; do : > $n; done'],
        file_bytes: [quota.fileBytes, 'head -c 6001 /dev/zero > large'],
      } as const
      for (const [reason, [limit, script]] of Object.entries(beyond)) {
        if (limit === undefined) continue
        const { handle, box } = await begin()
        // A quota that stops the command itself is as good: then there is nothing beyond it to keep.
        const ended = await box.exec?.('sh', { args: ['-c', script] }).catch(limited)
        if (ended?.exitCode !== 0) continue
        await refuses(() => workspace.snapshot(operation({ handle })), 'workspace/quota', { reason })
        await box.files.remove('/workspace')
        assert.equal((await workspace.snapshot(operation({ handle }))).files, 0)
      }
      assert.deepEqual(await contentOf((await begin()).files), {})
    },
  },
]

function limited(error: unknown): undefined {
  if (!isCodedError(error) || error.code !== sandboxErrorCodes.limit) throw error
}
