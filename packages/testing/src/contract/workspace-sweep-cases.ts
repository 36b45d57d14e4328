import assert from 'node:assert/strict'
import { skipCase } from './contract.ts'
import { refuses } from './refusals.ts'
import { textAt, utf8 } from './sandbox-case.ts'
import { operation, type WorkspaceCase, type WorkspaceSubject } from './workspace-case.ts'

const hourMs = 3_600_000

/** Snapshots of one workspace, one for each text. */
async function snapshots(
  { workspace, begin }: WorkspaceSubject,
  ...texts: readonly string[]
): Promise<string[]> {
  const { handle, files } = await begin()
  const refs: string[] = []
  for (const text of texts) {
    await files.write('/workspace/a', utf8(text))
    refs.push((await workspace.snapshot(operation({ handle }))).ref)
  }
  await workspace.release(handle)
  return refs
}

async function restoredText({ restore }: WorkspaceSubject, ref = ''): Promise<string | undefined> {
  return textAt((await restore(ref)).files, '/workspace/a')
}

/** What a sweep keeps. */
export const workspaceSweepCases: readonly WorkspaceCase[] = [
  {
    title: 'sweep: keeps what is live and removes the rest',
    run: async (subject) => {
      const { workspace, pass } = subject
      const [live = '', dead = ''] = await snapshots(subject, 'live', 'dead')
      await pass(20)
      const { removed } = await workspace.sweep([live, 'unknown'], 0)
      assert.equal(removed, 1)
      assert.equal(await restoredText(subject, live), 'live')
      await refuses(() => workspace.restore(operation({ ref: dead })), 'workspace/missing')
    },
  },
  {
    title: 'sweep: takes any iterable, and a second one finds nothing',
    run: async (subject) => {
      const { workspace, pass } = subject
      const refs = await snapshots(subject, 'one', 'two', 'three')
      await pass(20)
      const live = function* (): Generator<string> {
        yield refs[1] ?? ''
      }
      assert.equal((await workspace.sweep(live(), 0)).removed, 2)
      assert.deepEqual(await workspace.sweep(live(), 0), { removed: 0, bytes: 0 })
      assert.equal(await restoredText(subject, refs[1]), 'two')
    },
  },
  {
    title: 'sweep: keeps what was made within the grace',
    run: async (subject) => {
      const [young] = await snapshots(subject, 'young')
      assert.deepEqual(await subject.workspace.sweep([], hourMs), { removed: 0, bytes: 0 })
      assert.equal(await restoredText(subject, young), 'young')
    },
  },
  {
    title: 'sweep: keeps what was given or restored within the grace',
    run: async (subject) => {
      const { workspace, begin, pass } = subject
      const { handle } = await begin({ '/workspace/a': 'given' })
      const { ref: given } = await workspace.snapshot(operation({ handle }))
      const [restored = '', old = ''] = await snapshots(subject, 'restored', 'old')
      await pass(hourMs + 1)
      await workspace.snapshot(operation({ handle }))
      await workspace.restore(operation({ ref: restored }))
      assert.equal((await workspace.sweep([], hourMs)).removed, 1)
      assert.equal(await restoredText(subject, given), 'given')
      assert.equal(await restoredText(subject, restored), 'restored')
      await refuses(() => workspace.restore(operation({ ref: old })), 'workspace/missing')
    },
  },
  {
    title: 'sweep: content that a live snapshot shares with a removed one stays',
    run: async (subject) => {
      const { workspace, begin, pass } = subject
      const { handle, files } = await begin({ '/workspace/a': 'shared', '/workspace/b': 'only there' })
      const { ref: dead } = await workspace.snapshot(operation({ handle }))
      await files.remove('/workspace/b')
      const { ref: live } = await workspace.snapshot(operation({ handle }))
      await pass(20)
      await workspace.sweep([live], 0)
      assert.equal(await restoredText(subject, live), 'shared')
      await refuses(() => workspace.restore(operation({ ref: dead })), 'workspace/missing')
    },
  },
  {
    title: 'sweep: an opened workspace stays, and can be kept again after its snapshot was removed',
    run: async (subject) => {
      const { workspace, begin, pass } = subject
      const { handle, files } = await begin({ '/workspace/a': 'x' })
      await workspace.snapshot(operation({ handle }))
      await pass(20)
      await workspace.sweep([], 0)
      assert.equal(await textAt(files, '/workspace/a'), 'x')
      const { ref } = await workspace.snapshot(operation({ handle }))
      assert.equal(await restoredText(subject, ref), 'x')
    },
  },
  {
    title: 'sweep: what was removed can be made again',
    run: async (subject) => {
      const [first] = await snapshots(subject, 'back')
      await subject.pass(20)
      await subject.workspace.sweep([], 0)
      const [again] = await snapshots(subject, 'back')
      assert.equal(await restoredText(subject, again), 'back')
      assert.ok(first !== undefined)
    },
  },
  {
    title: 'forget: what only that run had is gone at once, and what another has made or restored stays',
    run: async (subject) => {
      const { workspace, begin, restore } = subject
      if (workspace.forget === undefined) skipCase('it forgets no runs')
      const keep = async (runId: string, text: string): Promise<string> => {
        const { handle, files } = await begin({}, runId)
        await files.write('/workspace/a', utf8(text))
        const { ref } = await workspace.snapshot(operation({ handle, runId }))
        await workspace.release(handle)
        return ref
      }
      const [own, made, shared] = [
        await keep('first', 'own'),
        await keep('first', 'made'),
        await keep('first', 'shared'),
      ]
      assert.equal(await keep('second', 'made'), made)
      await workspace.release((await restore(shared, 'third')).handle)
      await workspace.forget('first')
      await workspace.forget('first')
      await refuses(() => workspace.restore(operation({ ref: own, runId: 'fourth' })), 'workspace/missing')
      for (const [ref, text, runId] of [
        [made, 'made', 'second'],
        [shared, 'shared', 'third'],
      ] as const) {
        const { handle, files } = await restore(ref, runId)
        assert.equal(await textAt(files, '/workspace/a'), text)
        await workspace.release(handle)
        await workspace.forget(runId)
        await refuses(() => workspace.restore(operation({ ref })), 'workspace/missing')
      }
    },
  },
  {
    title: 'forget: operations of the run are free, and it may begin again',
    run: async ({ workspace, begin }) => {
      if (workspace.forget === undefined) skipCase('it forgets no runs')
      const { handle } = await begin({}, 'first')
      const again = operation({ runId: 'first' })
      await workspace.abort(again)
      await workspace.forget('first')
      await refuses(() => workspace.snapshot(operation({ handle, runId: 'first' })), 'workspace/missing')
      const opened = await workspace.open(again)
      assert.notEqual(opened.handle, handle)
    },
  },
  {
    title: 'retention: a snapshot that is older is refused by name, and swept although it is live',
    wishes: { retentionMs: hourMs },
    run: async (subject) => {
      const { workspace, pass } = subject
      if (workspace.inspect().retentionMs !== hourMs) skipCase('no retention is in force')
      const [old = ''] = await snapshots(subject, 'old')
      await pass(hourMs / 2)
      const [young = ''] = await snapshots(subject, 'young')
      assert.equal(await restoredText(subject, old), 'old')
      await pass(hourMs / 2 + 1)
      await refuses(() => workspace.restore(operation({ ref: old })), 'workspace/expired')
      assert.equal((await workspace.sweep([old, young], 0)).removed, 1)
      assert.equal(await restoredText(subject, young), 'young')
    },
  },
]
