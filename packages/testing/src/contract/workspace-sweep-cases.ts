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
