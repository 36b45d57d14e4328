import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HeldDirectory } from '../../src/workspace/held-directory.ts'
import { readWord, removeWorkspace } from '../../src/workspace/live-workspace.ts'
import { describeTree, filesBelow, runOf, snapshots, tempFolder } from './support/tree-tools.ts'

const isFull = process.env.BELAY_SIZE === 'full'

describe('a tree that holds what cannot be kept', () => {
  it('such as what its owner may not read is refused with its path [WSP-6]', async () => {
    const root = tempFolder()
    // Root may read everything, so the calls are made as somebody else.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) chownSync(root, 65_534, 65_534)
    if (isRoot) process.seteuid?.(65_534)
    try {
      const run = runOf(snapshots({ root }))
      const { handle, tree } = await run.open()
      mkdirSync(join(tree, 'sub/open'), { recursive: true })
      for (const [path, mode, named] of [
        ['sub/open', 0o300, 'sub/open'],
        ['sub', 0o600, 'sub/open'],
        ['sub/file', 0o000, 'sub/file'],
      ] as const) {
        if (path === 'sub/file') writeFileSync(join(tree, path), 'x')
        chmodSync(join(tree, path), mode)
        const meta = { reason: 'unreadable', path: `/workspace/${named}` }
        await expect(run.snapshot(handle)).rejects.toMatchObject({ code: 'workspace/tree', meta })
        chmodSync(join(tree, path), 0o700)
      }
      await run.snapshot(handle)
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  it('such as a FIFO, a device or a socket is refused with its path [WSP-6]', async () => {
    const root = tempFolder()
    const run = runOf(snapshots({ root }))
    const { handle, tree } = await run.open()
    mkdirSync(join(tree, 'sub'))
    const special = join(tree, 'sub/special')
    const refused = {
      code: 'workspace/tree',
      meta: { reason: 'special', path: '/workspace/sub/special' },
    }
    execFileSync('mkfifo', [special])
    await expect(run.snapshot(handle)).rejects.toMatchObject(refused)
    rmSync(special)
    if (process.getuid?.() === 0) {
      execFileSync('mknod', [special, 'c', '1', '5'])
      await expect(run.snapshot(handle)).rejects.toMatchObject(refused)
      rmSync(special)
    }
    // The path of a socket is at most 107 bytes, so it is made through a link.
    const short = join(tempFolder(), 's')
    symlinkSync(join(tree, 'sub'), short)
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(short, 'special'), resolve))
    await expect(run.snapshot(handle)).rejects.toMatchObject(refused)
    await new Promise((resolve) => server.close(resolve))
    expect(filesBelow(join(root, 'workspaces/refs'))).toEqual([])
    expect((await run.snapshot(handle)).files).toBe(0)
  })

  it('such as a name that is not UTF-8 is refused [WSP-6]', async () => {
    const run = runOf(snapshots())
    const { handle, tree } = await run.open()
    const path = Buffer.concat([Buffer.from(`${tree}/a`), Buffer.from([0xff, 0xfe])])
    writeFileSync(path, 'x')
    await expect(run.snapshot(handle)).rejects.toMatchObject({
      code: 'workspace/tree',
      meta: { reason: 'name', path: '/workspace/a\u{FFFD}\u{FFFD}' },
    })
    rmSync(path)
    writeFileSync(join(tree, 'a\u{FFFD}'), 'this name is UTF-8')
    const restored = await run.restore((await run.snapshot(handle)).ref)
    expect(describeTree(restored.tree)).toEqual(describeTree(tree))
  })

  it('such as folders without an end is refused, and removed', async () => {
    const local = snapshots()
    const run = runOf(local)
    const { handle, tree } = await run.open()
    let held = HeldDirectory.open(tree)
    for (let depth = 0; depth < (isFull ? 20_000 : 700); depth++) {
      mkdirSync(held.at('deeper'))
      const child = HeldDirectory.open(held.at('deeper'))
      held.release()
      held = child
    }
    held.release()
    await expect(run.snapshot(handle)).rejects.toMatchObject({
      code: 'workspace/tree',
      meta: { reason: 'depth' },
    })
    await local.workspace.release(handle)
    expect(existsSync(tree)).toBe(false)
  })
})

describe('links', () => {
  it('are kept as they are and never followed [WSP-5]', async () => {
    const outside = tempFolder()
    writeFileSync(join(outside, 'secret'), 'secret of the host')
    chmodSync(join(outside, 'secret'), 0o640)
    const before = describeTree(outside)
    const root = tempFolder()
    const local = snapshots({ root })
    const run = runOf(local)
    const { handle, tree } = await run.open()
    const targets = [
      '/',
      outside,
      join(outside, 'secret'),
      '.',
      '..',
      'loop',
      'nothing',
      'x'.repeat(4_000),
      ' ',
      '../\n',
    ]
    targets.forEach((target, index) => symlinkSync(target, join(tree, `link-${index}`)))
    symlinkSync('loop', join(tree, 'loop'))
    symlinkSync(Buffer.from([0x61, 0xff, 0xfe]), join(tree, 'no-text'))
    const taken = await run.snapshot(handle)
    expect(taken).toMatchObject({ files: 0, bytes: 0 })
    const restored = await run.restore(taken.ref)
    expect(describeTree(restored.tree)).toEqual(describeTree(tree))
    for (const opened of [handle, restored.handle]) await local.workspace.release(opened)
    expect(describeTree(outside)).toEqual(before)
    expect(filesBelow(join(root, 'workspaces/objects'))).toEqual([])
  })

  it('that are swapped in for folders and files while a snapshot is taken lead nowhere', async () => {
    const outside = tempFolder()
    mkdirSync(join(outside, 'sub'))
    writeFileSync(join(outside, 'sub/file'), 'secret of the host')
    const root = tempFolder()
    const run = runOf(snapshots({ root }))
    const { handle, tree } = await run.open()
    mkdirSync(join(tree, 'sub'))
    writeFileSync(join(tree, 'sub/file'), 'inside')
    symlinkSync(join(outside, 'sub'), join(tree, 'link'))
    let isDone = false
    const swapping = (async () => {
      while (!isDone) {
        renameSync(join(tree, 'sub'), join(tree, 'aside'))
        renameSync(join(tree, 'link'), join(tree, 'sub'))
        await new Promise((resolve) => setImmediate(resolve))
        renameSync(join(tree, 'sub'), join(tree, 'link'))
        renameSync(join(tree, 'aside'), join(tree, 'sub'))
        writeFileSync(join(tree, 'sub/file'), `inside ${Math.random()}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    let taken = 0
    for (let round = 0; round < (isFull ? 2_000 : 20); round++) {
      try {
        await run.snapshot(handle)
        taken++
      } catch (error) {
        expect(error).toMatchObject({ code: 'workspace/io' })
      }
    }
    isDone = true
    await swapping
    expect(taken).toBeGreaterThan(0)
    for (const file of filesBelow(join(root, 'workspaces/objects'))) {
      expect(execFileSync('cat', [file], { encoding: 'utf8' })).toMatch(/^(inside.*)?$/)
    }
  })
})

it('odd names come back as they are', async () => {
  const run = runOf(snapshots())
  const { handle, tree } = await run.open()
  const names = [
    'line\nend',
    '-rf',
    ' ',
    'end ',
    '.hidden',
    '...',
    '\u{1F600}',
    'e\u0301',
    '\u00E9',
    '\u0430\u0435',
    '__proto__',
    'constructor',
    '"quote\'',
    '\\back',
    '%2e%2e',
    '*',
    '\t',
    '\u202Egnp',
    '\u2028',
    'x'.repeat(255),
    '\u{1F600}'.repeat(63),
  ]
  for (const name of names) writeFileSync(join(tree, name), name)
  mkdirSync(join(tree, 'folder\n'))
  for (const name of names) mkdirSync(join(tree, 'folder\n', name))
  const restored = await run.restore((await run.snapshot(handle)).ref)
  expect(describeTree(restored.tree)).toEqual(describeTree(tree))
  expect(describeTree(restored.tree)).toHaveLength(names.length * 2 + 1)
})

describe('quotas', () => {
  it('are enforced by name before anything is read [WSP-7]', async () => {
    const root = tempFolder()
    const local = snapshots({ root, quota: { bytes: 1_000, files: 3, fileBytes: 600 } })
    expect(local.workspace.inspect()).toEqual({
      quota: { bytes: 1_000, files: 3, fileBytes: 600 },
      encryptedAtRest: false,
    })
    const run = runOf(local)
    const { handle, tree } = await run.open()
    const quota = (reason: string) => ({ code: 'workspace/quota', meta: { reason } })
    writeFileSync(join(tree, 'a'), 'x'.repeat(600))
    writeFileSync(join(tree, 'b'), 'x'.repeat(400))
    writeFileSync(join(tree, 'c'), '')
    const whole = await run.snapshot(handle)
    expect(whole).toMatchObject({ files: 3, bytes: 1_000 })
    writeFileSync(join(tree, 'd'), '')
    await expect(run.snapshot(handle)).rejects.toMatchObject(quota('files'))
    rmSync(join(tree, 'd'))
    writeFileSync(join(tree, 'c'), '1')
    await expect(run.snapshot(handle)).rejects.toMatchObject(quota('bytes'))
    truncateSync(join(tree, 'c'), 4 * 1_024 ** 3)
    await expect(run.snapshot(handle)).rejects.toMatchObject(quota('file_bytes'))
    writeFileSync(join(tree, 'c'), '')
    expect(await run.snapshot(handle)).toMatchObject({ ref: whole.ref, changed: false })
    for (const name of ['1', '2', '3', '4']) mkdirSync(join(tree, name))
    expect((await run.snapshot(handle)).files).toBe(3)
  })

  it('hold for what a workspace begins with', async () => {
    const from = tempFolder()
    writeFileSync(join(from, 'file'), 'x'.repeat(100))
    const root = tempFolder()
    const run = runOf(snapshots({ root, from, quota: { bytes: 99 } }))
    await expect(run.open()).rejects.toMatchObject({ code: 'workspace/quota', meta: { reason: 'bytes' } })
    execFileSync('mkfifo', [join(from, 'pipe')])
    rmSync(join(from, 'file'))
    await expect(run.open()).rejects.toMatchObject({ code: 'workspace/tree' })
  })

  it('stop a sparse file of 4 GiB unless told otherwise', async () => {
    const run = runOf(snapshots())
    const { handle, tree } = await run.open()
    writeFileSync(join(tree, 'sparse'), '')
    truncateSync(join(tree, 'sparse'), 4 * 1_024 ** 3)
    await expect(run.snapshot(handle)).rejects.toMatchObject({
      code: 'workspace/quota',
      meta: { reason: 'file_bytes', limit: 1_024 ** 3 },
    })
  })
})

describe('a large tree', { timeout: 1_800_000 }, () => {
  it('comes back whole, and a change costs what changed', async () => {
    const [folders, files] = isFull ? [100, 1_000] : [4, 40]
    const run = runOf(snapshots())
    const { handle, tree } = await run.open()
    for (let folder = 0; folder < folders; folder++) {
      mkdirSync(join(tree, `folder-${folder}`))
      for (let file = 0; file < files; file++) {
        writeFileSync(join(tree, `folder-${folder}/file-${file}`), `${folder} ${file}`)
      }
    }
    expect(await run.snapshot(handle)).toMatchObject({ files: folders * files })
    writeFileSync(join(tree, 'folder-3/file-7'), 'changed')
    const taken = await run.snapshot(handle)
    expect(taken.writtenBytes).toBeLessThan(30_000)
    expect(describeTree((await run.restore(taken.ref)).tree)).toEqual(describeTree(tree))
  })

  it('that is given back leaves the event loop its turns', async () => {
    const local = snapshots()
    const { handle, tree } = await runOf(local).open()
    for (let file = 0; file < 6_000; file++) writeFileSync(join(tree, `file-${file}`), '')
    let turns = 0
    let isOver = false
    const counting = (async (): Promise<void> => {
      for (; !isOver; turns++) await new Promise((resolve) => setImmediate(resolve))
    })()
    await local.workspace.release(handle)
    isOver = true
    await counting
    // Without a pause there is one at most.
    expect(turns).toBeGreaterThan(1)
    expect(existsSync(tree)).toBe(false)
  })

  it('says whose it is for as long as something of it is there, so that an abort finds it', async () => {
    const folder = tempFolder()
    const tree = join(folder, 'tree')
    mkdirSync(tree)
    for (let file = 0; file < 6_000; file++) writeFileSync(join(tree, `file-${file}`), '')
    writeFileSync(join(folder, 'run'), 'a run')
    const removing = removeWorkspace(folder)
    let looks = 0
    for (; existsSync(tree); looks++) {
      expect(readWord(folder, 'run')).toBe('a run')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(looks).toBeGreaterThan(1)
    await removing
    expect(existsSync(folder)).toBe(false)
  })
})
