import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { manualPlatform } from '@belay/testing'
import { describe, expect, it } from 'vitest'
import { describeTree, filesBelow, runOf, snapshots, tempFolder } from './support/tree-tools.ts'

const isFull = process.env.BELAY_SIZE === 'full'
const hourMs = 3_600_000

function manual(root: string) {
  const platform = manualPlatform()
  const local = snapshots({ root })
  local.workspace.configure?.({ platform } as never)
  return { platform, local, run: runOf(local) }
}

describe('a sweep', () => {
  it('removes what is neither live nor young, with its contents, and counts them', async () => {
    const root = tempFolder()
    const { platform, local, run } = manual(root)
    const { handle, tree } = await run.open()
    writeFileSync(join(tree, 'shared'), 'shared by both')
    writeFileSync(join(tree, 'old'), 'x'.repeat(5_000))
    const old = await run.snapshot(handle, 'old')
    writeFileSync(join(tree, 'old'), 'new')
    const live = await run.snapshot(handle, 'live')
    await local.workspace.release(handle)
    expect(await local.workspace.sweep([live.ref], hourMs)).toEqual({ removed: 0, bytes: 0 })
    await platform.advance(hourMs + 1)
    const swept = await local.workspace.sweep([live.ref, 'of another adapter'], hourMs)
    expect(swept.removed).toBe(1)
    expect(swept.bytes).toBeGreaterThan(5_000)
    await expect(run.restore(old.ref)).rejects.toMatchObject({ code: 'workspace/missing' })
    expect(filesBelow(join(root, 'workspaces/objects'))).toHaveLength(2)
    expect(filesBelow(join(root, 'workspaces/trees'))).toHaveLength(1)
    // The record of `live` is left alone.
    expect(filesBelow(join(root, 'workspaces/operations'))).toHaveLength(1)
    expect(describeTree((await run.restore(live.ref)).tree)).toHaveLength(2)
    expect(await local.workspace.sweep([live.ref], hourMs)).toEqual({ removed: 0, bytes: 0 })
  })

  it('leaves a process alone that is there, however long it did nothing', async () => {
    const root = tempFolder()
    const { local, run } = manual(root)
    const { tree } = await run.open()
    const live = join(root, 'workspaces/live')
    for (const name of readdirSync(live))
      for (const part of ['', 'trees', 'temp']) utimesSync(join(live, name, part), 1, 1)
    await local.workspace.sweep([], hourMs)
    expect(existsSync(tree)).toBe(true)
    await run.open()
  })

  it('counts making, giving and restoring as a touch', async () => {
    const { platform, local, run } = manual(tempFolder())
    const { handle, tree } = await run.open()
    writeFileSync(join(tree, 'file'), 'one')
    const { ref } = await run.snapshot(handle, 'one')
    await local.workspace.release(handle)
    const isKept = async (): Promise<boolean> => {
      await platform.advance(hourMs)
      return (await local.workspace.sweep([], hourMs)).removed === 0
    }
    expect(await isKept()).toBe(true)
    await run.snapshot(handle, 'one')
    expect(await isKept()).toBe(true)
    await local.workspace.release((await run.restore(ref)).handle)
    expect(await isKept()).toBe(true)
    await platform.advance(1)
    expect(await isKept()).toBe(false)
  })

  it('keeps what an open workspace is compared with', async () => {
    const { platform, local, run } = manual(tempFolder())
    const { handle, tree } = await run.open()
    for (let file = 0; file < 5; file++) writeFileSync(join(tree, `file-${file}`), `content ${file}`)
    await run.snapshot(handle)
    await platform.advance(1)
    expect(await local.workspace.sweep([], 0)).toEqual({ removed: 1, bytes: 0 })
    writeFileSync(join(tree, 'file-0'), 'another')
    const { ref } = await run.snapshot(handle)
    expect(describeTree((await run.restore(ref)).tree)).toEqual(describeTree(tree))
  })

  it('removes what a dead process had open, and nothing of a living one', async () => {
    const root = tempFolder()
    const { local, run } = manual(root)
    const { handle, tree } = await run.open()
    const module = new URL('../../src/workspace/local-snapshots.ts', import.meta.url).href
    const script = `import { localSnapshots } from ${JSON.stringify(module)}
      const { workspace } = localSnapshots({ root: ${JSON.stringify(root)} })
      await workspace.open({ operation: 'other', runId: 'other', sessionId: 'session' })
      process.stdout.write('open')
      setInterval(() => undefined, 1_000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const live = join(root, 'workspaces/live')
    await local.workspace.sweep([], 0)
    expect(readdirSync(live)).toHaveLength(2)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await local.workspace.sweep([], 0)
    expect(readdirSync(live)).toHaveLength(1)
    expect(existsSync(tree)).toBe(true)
    expect(await run.snapshot(handle)).toMatchObject({ changed: true })
  })

  it(
    'beside processes that make snapshots takes a snapshot whole or not at all [WSP-11]',
    { timeout: 1_800_000 },
    async () => {
      const root = tempFolder()
      const local = snapshots({ root })
      const child = new URL('support/sweep-child.ts', import.meta.url).pathname
      const makers = [0, 1].map(() =>
        spawn(process.execPath, [child, root, isFull ? '1000' : '15'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      )
      const found = new Map<string, number>()
      let running = makers.length
      const ends = makers.map(async (maker) => {
        const end = once(maker, 'exit')
        for await (const line of createInterface({ input: maker.stdout })) {
          found.set(line, (found.get(line) ?? 0) + 1)
        }
        running--
        return (await end)[0] as unknown
      })
      const count = (line: string): number => found.get(line) ?? 0
      let removed = 0
      while (running > 0) {
        // Pauses when the makers see nothing else than its work: both outcomes have to be seen.
        if (count('missing') <= count('whole') + 4) removed += (await local.workspace.sweep([], 0)).removed
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(await Promise.all(ends)).toEqual([0, 0])
      expect([...found.keys()].filter((line) => line !== 'whole' && line !== 'missing')).toEqual([])
      expect(count('whole')).toBeGreaterThan(0)
      expect(removed).toBeGreaterThan(0)
    },
  )
})
