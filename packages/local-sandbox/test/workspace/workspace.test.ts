import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { manualPlatform } from '@belay/testing'
import { describe, expect, it } from 'vitest'
import { describeTree, filesBelow, makeFolder, runOf, snapshots, tempFolder } from './support/tree-tools.ts'

const hourMs = 3_600_000

function fill(tree: string): void {
  makeFolder(join(tree, 'a/b'), 0o750)
  makeFolder(join(tree, 'empty'), 0o700)
  writeFileSync(join(tree, 'a/text.txt'), 'text')
  writeFileSync(join(tree, 'a/b/run.sh'), '#!/bin/sh\n')
  chmodSync(join(tree, 'a/b/run.sh'), 0o751)
  writeFileSync(join(tree, 'locked'), 'x')
  chmodSync(join(tree, 'locked'), 0o400)
  writeFileSync(join(tree, 'nothing'), '')
  writeFileSync(join(tree, 'large'), Buffer.alloc(3_000_000, 'abcdefg'))
  symlinkSync('../a/text.txt', join(tree, 'empty/link'))
  symlinkSync('/nowhere/at/all', join(tree, 'dangling'))
}

describe('snapshot and restore', () => {
  it('gives the tree byte for byte, with modes, empty folders and links [WSP-1]', async () => {
    const run = runOf(snapshots())
    const opened = await run.open()
    expect(opened.ref).toBeUndefined()
    fill(opened.tree)
    const before = describeTree(opened.tree)
    const taken = await run.snapshot(opened.handle)
    expect(taken).toMatchObject({ changed: true, files: 5, bytes: 3_000_000 + 4 + 10 + 1 })
    expect(taken.writtenBytes).toBeGreaterThan(3_000_000)
    const restored = await run.restore(taken.ref)
    expect(restored.ref).toBe(taken.ref)
    expect(restored.handle).not.toBe(opened.handle)
    expect(describeTree(restored.tree)).toEqual(before)
  })

  it('gives the same ref for the same tree and writes nothing [WSP-2]', async () => {
    const root = tempFolder()
    const run = runOf(snapshots({ root }))
    const { handle, tree } = await run.open()
    fill(tree)
    const first = await run.snapshot(handle)
    const stored = filesBelow(join(root, 'workspaces/objects'))
    const again = await run.snapshot(handle)
    expect(again).toEqual({ ...first, changed: false, writtenBytes: 0 })
    expect(filesBelow(join(root, 'workspaces/objects'))).toEqual(stored)
    const restored = await run.restore(first.ref)
    expect(await run.snapshot(restored.handle)).toMatchObject({
      ref: first.ref,
      changed: false,
      writtenBytes: 0,
    })
  })

  it('sees a change of the same size with its time set back', async () => {
    const run = runOf(snapshots())
    const { handle, tree } = await run.open()
    const refs = new Set<string>()
    for (let round = 0; round < 20; round++) {
      writeFileSync(join(tree, 'file'), `content ${String(round).padStart(4)}`)
      utimesSync(join(tree, 'file'), 1, 1)
      refs.add((await run.snapshot(handle)).ref)
    }
    expect(refs.size).toBe(20)
  })

  it('keeps what earlier snapshots hold when the tree changes', async () => {
    const run = runOf(snapshots())
    const { handle, tree } = await run.open()
    fill(tree)
    const states: [string, readonly string[]][] = []
    const take = async (): Promise<void> => {
      states.push([(await run.snapshot(handle)).ref, describeTree(tree)])
    }
    await take()
    appendFileSync(join(tree, 'a/text.txt'), ' and more')
    await take()
    rmSync(join(tree, 'a'), { recursive: true })
    await take()
    writeFileSync(join(tree, 'a'), 'a file where a folder was')
    chmodSync(join(tree, 'nothing'), 0o600)
    await take()
    for (const [ref, description] of states) {
      expect(describeTree((await run.restore(ref)).tree)).toEqual(description)
    }
  })

  it('writes what changed and not what a large folder holds', async () => {
    const run = runOf(snapshots())
    const { handle, tree } = await run.open()
    for (let file = 0; file < 400; file++) writeFileSync(join(tree, `file-${file}`), `content ${file}`)
    await run.snapshot(handle)
    writeFileSync(join(tree, 'file-77'), 'another')
    const { changed, files, writtenBytes } = await run.snapshot(handle)
    expect({ changed, files }).toEqual({ changed: true, files: 400 })
    expect(writtenBytes).toBeLessThan(8_000)
    expect(describeTree((await run.restore((await run.snapshot(handle)).ref)).tree)).toEqual(
      describeTree(tree),
    )
  })

  it('makes two files of two names of one file', async () => {
    const run = runOf(snapshots())
    const { handle, tree } = await run.open()
    writeFileSync(join(tree, 'one'), 'same')
    linkSync(join(tree, 'one'), join(tree, 'two'))
    const restored = await run.restore((await run.snapshot(handle)).ref)
    expect(lstatSync(join(restored.tree, 'one')).nlink).toBe(1)
    expect(describeTree(restored.tree)).toEqual(describeTree(tree))
  })
})

describe('what a workspace begins with', () => {
  it('is a copy of a folder, read once and snapshotted', async () => {
    const from = tempFolder()
    fill(from)
    const run = runOf(snapshots({ from }))
    const opened = await run.open('first')
    expect(describeTree(opened.tree)).toEqual(describeTree(from))
    const before = describeTree(from)
    writeFileSync(join(opened.tree, 'a/text.txt'), 'changed in the workspace')
    expect(describeTree(from)).toEqual(before)
    writeFileSync(join(from, 'late'), 'later')
    await run.restore(opened.ref ?? '')
    expect(await run.open('first')).toMatchObject({ handle: opened.handle, ref: opened.ref })
    expect((await run.open('second')).ref).not.toBe(opened.ref)
  })

  it('must not hold the root', () => {
    expect(() => snapshots({ root: '/a/b', from: '/a' })).toThrow(TypeError)
    expect(() => snapshots({ root: 'relative' })).toThrow(TypeError)
  })
})

describe('operations', () => {
  it('give their first result again [WSP-3]', async () => {
    const root = tempFolder()
    const local = snapshots({ root })
    const run = runOf(local)
    const opened = await run.open('open')
    expect(await run.open('open')).toEqual(opened)
    writeFileSync(join(opened.tree, 'file'), 'one')
    const first = await run.snapshot(opened.handle, 'take')
    writeFileSync(join(opened.tree, 'file'), 'two')
    expect(await run.snapshot(opened.handle, 'take')).toEqual(first)
    const restored = await run.restore(first.ref, 'restore')
    expect(await run.restore(first.ref, 'restore')).toEqual(restored)
    expect(await runOf(snapshots({ root })).snapshot('gone', 'take')).toEqual(first)
    await local.workspace.release(restored.handle)
    const fresh = await run.restore(first.ref, 'restore')
    expect(fresh.handle).not.toBe(restored.handle)
    expect(readFileSync(join(fresh.tree, 'file'), 'utf8')).toBe('one')
  })

  it('of another run, session or call are refused [WSP-4]', async () => {
    const local = snapshots()
    const run = runOf(local)
    const { handle } = await run.open('open')
    const { ref } = await run.snapshot(handle, 'take')
    const other = await run.snapshot(handle, 'other')
    await run.restore(ref, 'restore')
    const conflict = { code: 'workspace/conflict' }
    const { workspace } = local
    await expect(runOf(local, 'other').open('open')).rejects.toMatchObject(conflict)
    await expect(run.snapshot(handle, 'open')).rejects.toMatchObject(conflict)
    await expect(run.restore(other.ref.replace(/.$/, '0'), 'restore')).rejects.toMatchObject(conflict)
    await expect(run.abort('take')).rejects.toMatchObject(conflict)
    await expect(
      workspace.snapshot({ operation: 'take', runId: 'run', sessionId: 'another', handle }),
    ).rejects.toMatchObject(conflict)
    expect(await run.snapshot(handle)).toMatchObject({ changed: false })
  })

  it('of one key at once are done once', async () => {
    const run = runOf(snapshots())
    const opened = await Promise.all([run.open('open'), run.open('open'), run.open('open')])
    expect(new Set(opened.map(({ handle }) => handle)).size).toBe(1)
    const { handle, tree } = await run.open('open')
    writeFileSync(join(tree, 'file'), 'one')
    const taken = await Promise.all([run.snapshot(handle, 'take'), run.snapshot(handle, 'take')])
    expect(taken[0]).toEqual(taken[1])
  })

  it('take texts of 1 to 512 units and an abort signal', async () => {
    const { workspace } = snapshots()
    const named = { operation: 'x', runId: 'run', sessionId: 'session' }
    await expect(workspace.open({ ...named, operation: '' })).rejects.toThrow(TypeError)
    await expect(workspace.open({ ...named, runId: 'x'.repeat(513) })).rejects.toThrow(TypeError)
    const reason = new Error('enough')
    await expect(workspace.open({ ...named, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('the end of a workspace', () => {
  it('by release removes its tree and nothing else', async () => {
    const local = snapshots()
    const run = runOf(local)
    const { handle, tree } = await run.open()
    fill(tree)
    chmodSync(join(tree, 'a'), 0o000)
    const { ref } = await run.snapshot(handle)
    await local.workspace.release(handle)
    await local.workspace.release(handle)
    expect(existsSync(tree)).toBe(false)
    expect(local.treeOf(handle)).toBeUndefined()
    await expect(run.snapshot(handle)).rejects.toMatchObject({ code: 'workspace/missing' })
    expect(existsSync(join((await run.restore(ref)).tree, 'a/text.txt'))).toBe(true)
  })

  it('by abort ends everything of its run in every process, and no snapshot [WSP-8]', async () => {
    const root = tempFolder()
    const local = snapshots({ root })
    const other = snapshots({ root })
    const run = runOf(local)
    const { handle, tree } = await run.open('open')
    writeFileSync(join(tree, 'file'), 'kept')
    const { ref } = await run.snapshot(handle)
    const elsewhere = await runOf(other).restore(ref)
    await run.abort('abort')
    await run.abort('abort')
    expect(existsSync(tree)).toBe(false)
    expect(existsSync(elsewhere.tree)).toBe(false)
    const aborted = { code: 'workspace/aborted' }
    await expect(run.open()).rejects.toMatchObject(aborted)
    await expect(run.open('open')).rejects.toMatchObject(aborted)
    await expect(run.snapshot(handle)).rejects.toMatchObject(aborted)
    await expect(runOf(other).snapshot(elsewhere.handle)).rejects.toMatchObject(aborted)
    await expect(runOf(other).restore(ref)).rejects.toMatchObject(aborted)
    expect(readFileSync(join((await runOf(other, 'next').restore(ref)).tree, 'file'), 'utf8')).toBe('kept')
  })

  it('by close leaves snapshots and nothing that is live', async () => {
    const root = tempFolder()
    const local = snapshots({ root })
    const run = runOf(local)
    const { handle, tree } = await run.open()
    writeFileSync(join(tree, 'file'), 'kept')
    const { ref } = await run.snapshot(handle)
    await local.workspace.close()
    await local.workspace.close()
    expect(readdirSync(join(root, 'workspaces/live'))).toEqual([])
    await expect(run.open()).rejects.toMatchObject({ code: 'workspace/closed' })
    expect(readFileSync(join((await runOf(snapshots({ root })).restore(ref)).tree, 'file'), 'utf8')).toBe(
      'kept',
    )
  })
})

describe('refs', () => {
  it('that are unknown, of another form or damaged are refused by name', async () => {
    const root = tempFolder()
    const run = runOf(snapshots({ root }))
    const { handle, tree } = await run.open()
    fill(tree)
    const { ref } = await run.snapshot(handle)
    await expect(run.restore(`tree1:${'0'.repeat(64)}`)).rejects.toMatchObject({ code: 'workspace/missing' })
    for (const wrong of ['', 'tree2:', ref.toUpperCase(), `${ref}0`, '../../etc/passwd']) {
      await expect(run.restore(wrong)).rejects.toMatchObject({ code: 'workspace/invalid-ref' })
    }
  })

  it('give no wrong byte when what is stored was changed [WSP-9]', async () => {
    const root = tempFolder()
    const run = runOf(snapshots({ root }))
    const { handle, tree } = await run.open()
    fill(tree)
    const { ref } = await run.snapshot(handle)
    const stored = ['objects', 'trees', 'refs'].flatMap((kind) => filesBelow(join(root, 'workspaces', kind)))
    expect(stored.length).toBeGreaterThan(8)
    for (const file of stored) {
      const whole = readFileSync(file)
      const wrong: Buffer[] = [Buffer.concat([whole, Buffer.from('x')]), whole.subarray(0, whole.length >> 1)]
      for (const at of [0, whole.length >> 1, whole.length - 1]) {
        const flipped = Buffer.from(whole)
        if (flipped.length > 0) flipped[at] = (flipped[at] ?? 0) ^ 4
        wrong.push(flipped)
      }
      for (const bytes of wrong.filter((each) => !each.equals(whole))) {
        writeFileSync(file, bytes)
        await expect(run.restore(ref)).rejects.toMatchObject({ code: 'workspace/corrupt' })
      }
      if (!file.includes('/refs/')) {
        rmSync(file)
        await expect(run.restore(ref)).rejects.toMatchObject({ code: 'workspace/corrupt' })
      }
      writeFileSync(file, whole)
    }
    expect(describeTree((await run.restore(ref)).tree)).toEqual(describeTree(tree))
    const [live = ''] = readdirSync(join(root, 'workspaces/live'))
    expect(readdirSync(join(root, 'workspaces/live', live, 'trees'))).toHaveLength(2)
  })
})

describe('retention', () => {
  it('ends a snapshot although it is live [WSP-12]', async () => {
    const root = tempFolder()
    const platform = manualPlatform()
    const local = snapshots({ root, retentionMs: hourMs })
    local.workspace.configure?.({ platform } as never)
    expect(local.workspace.inspect()).toMatchObject({ retentionMs: hourMs, encryptedAtRest: false })
    const run = runOf(local)
    const { handle, tree } = await run.open()
    writeFileSync(join(tree, 'file'), 'kept')
    const { ref } = await run.snapshot(handle)
    await platform.advance(hourMs)
    await run.restore(ref)
    await platform.advance(1)
    const expired = { code: 'workspace/expired' }
    await expect(run.restore(ref)).rejects.toMatchObject(expired)
    await local.workspace.release(handle)
    expect(await local.workspace.sweep([ref], 0)).toMatchObject({ removed: 1 })
    await expect(run.restore(ref)).rejects.toMatchObject(expired)
    expect(await local.workspace.sweep([ref], 0)).toMatchObject({ removed: 0 })
    const again = await run.open()
    mkdirSync(join(again.tree, 'sub'))
    writeFileSync(join(again.tree, 'file'), 'kept')
    rmSync(join(again.tree, 'sub'), { recursive: true })
    expect((await run.snapshot(again.handle)).ref).toBe(ref)
    expect(readFileSync(join((await run.restore(ref)).tree, 'file'), 'utf8')).toBe('kept')
    await platform.advance(hourMs + 1)
    await local.workspace.sweep([ref], 0)
    await local.workspace.sweep([], 0)
    await expect(run.restore(ref)).rejects.toMatchObject({ code: 'workspace/missing' })
  })
})
