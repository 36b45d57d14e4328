import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { localSnapshots } from '../../src/workspace/local-snapshots.ts'
import { changeToSecond, fillFirst } from './support/crash-trees.ts'
import { describeTree, runOf, tempFolder } from './support/tree-tools.ts'

const child = new URL('support/crash-child.ts', import.meta.url).pathname
/** Every step takes a process each; the gate takes a share, another one at each run. */
const stride = process.env.BELAY_SIZE === 'full' ? 1 : 31
const offset = Math.floor(Math.random() * stride)

interface Ended {
  readonly signal: NodeJS.Signals | null
  readonly steps: number
  readonly refs: ReadonlyMap<string, string>
}

function runChild(root: string, call: string, step: number): Ended {
  const { stdout, stderr, signal, status } = spawnSync(process.execPath, [child, root, call, String(step)], {
    encoding: 'utf8',
  })
  if (signal === null && status !== 0) throw new Error(stderr)
  const file = join(root, 'acknowledged')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  return {
    signal,
    steps: Number(stdout),
    refs: new Map(lines.map((line) => line.split(' ') as [string, string])),
  }
}

/** What the trees of both snapshots are. */
function expectedTrees(): ReadonlyMap<string, readonly string[]> {
  const tree = tempFolder()
  fillFirst(tree)
  const first = describeTree(tree)
  changeToSecond(tree)
  return new Map([
    ['first', first],
    ['second', describeTree(tree)],
  ])
}

/** Steps at which the process dies; the step after the last one is not reached. */
function stepsOf(call: string): readonly number[] {
  const root = tempFolder()
  const { steps } = runChild(root, call, Infinity)
  expect(steps).toBeGreaterThan(20)
  return Array.from({ length: steps }, (_, index) => index + 1).filter((step) => step % stride === offset)
}

/** What another process finds: every acknowledged snapshot whole, and after a sweep nothing of the dead one. */
async function checkRoot(
  root: string,
  refs: ReadonlyMap<string, string>,
  trees: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const local = localSnapshots({ root })
  const run = runOf(local)
  try {
    const intact = async (): Promise<void> => {
      for (const [name, ref] of refs) {
        const { handle, tree } = await run.restore(ref)
        expect(describeTree(tree)).toEqual(trees.get(name))
        await local.workspace.release(handle)
      }
    }
    await intact()
    await local.workspace.sweep(refs.values(), 0)
    await intact()
    expect(readdirSync(join(root, 'workspaces/refs')).sort()).toEqual(
      [...refs.values()].map((ref) => ref.slice('tree1:'.length)).sort(),
    )
    expect(readdirSync(join(root, 'workspaces/live'))).toHaveLength(1)
  } finally {
    await local.workspace.close()
    rmSync(root, { recursive: true, force: true })
  }
}

describe(`a process that dies (each ${stride}th step from ${offset})`, { timeout: 3_600_000 }, () => {
  it('in a snapshot leaves the snapshots before it whole, and its own whole or absent [WSP-10]', async () => {
    const trees = expectedTrees()
    for (const step of stepsOf('snapshot')) {
      const root = tempFolder()
      const { signal, refs } = runChild(root, 'snapshot', step)
      expect(signal, `step ${step}`).toBe('SIGKILL')
      expect([...refs.keys()]).toEqual(['first'])
      const local = localSnapshots({ root })
      const run = runOf(local)
      // The operation is repeated on a tree that is another by now: its first result counts, if there was one.
      const { handle, tree } = await run.restore(refs.get('first') ?? '')
      const again = await run.snapshot(handle, 'second')
      const name = again.changed ? 'second' : 'first'
      expect(describeTree((await run.restore(again.ref)).tree)).toEqual(trees.get(name))
      expect(describeTree(tree)).toEqual(trees.get('first'))
      await local.workspace.close()
      await checkRoot(root, refs, trees)
    }
  })

  it('in a restore leaves the snapshot whole and no workspace [WSP-10]', async () => {
    const trees = expectedTrees()
    for (const step of stepsOf('restore')) {
      const root = tempFolder()
      const { signal, refs } = runChild(root, 'restore', step)
      expect(signal, `step ${step}`).toBe('SIGKILL')
      await checkRoot(root, refs, trees)
    }
  })

  it('in a sweep leaves live snapshots whole, and others whole or absent', async () => {
    const trees = expectedTrees()
    for (const step of stepsOf('sweep')) {
      const root = tempFolder()
      const { signal, refs } = runChild(root, 'sweep', step)
      expect(signal, `step ${step}`).toBe('SIGKILL')
      const local = localSnapshots({ root })
      const run = runOf(local)
      const first = await run.restore(refs.get('first') ?? '').catch((error: unknown) => error)
      if (first instanceof Error) expect(first).toMatchObject({ code: 'workspace/missing' })
      else expect(describeTree((first as { tree: string }).tree)).toEqual(trees.get('first'))
      await local.workspace.close()
      await checkRoot(root, new Map([['second', refs.get('second') ?? '']]), trees)
    }
  })
})
