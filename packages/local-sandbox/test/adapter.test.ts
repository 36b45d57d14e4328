import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { requireHost } from '../src/host-check.ts'
import { localSandbox, localWorkspace, type LocalSandboxOptions } from '../src/index.ts'
import { isOwnerGone, ownerOfThisProcess } from '../src/process-owner.ts'
import { bytesOf, faultOf, freshRoot, openedSandbox, textOf } from './support/opened-sandbox.ts'

const request = { key: 'k', sessionId: 's' }

test.each<[string, object, RegExp]>([
  ['no root', {}, /root/],
  ['an empty root', { root: '' }, /root/],
  ['a NUL in the root', { root: '/tmp/\0' }, /root/],
  ['an unknown option', { root: '/', quotas: {} }, /no option quotas/],
  ['isolation without exec', { root: '/', isolation: 'strict' }, /isolation/],
  ['allowCommands without exec', { root: '/', exec: false, allowCommands: [] }, /allowCommands/],
  ['an exec that is no boolean', { root: '/', exec: 'yes' }, /exec/],
  ['an unknown quota', { root: '/', quota: { byte: 1 } }, /no option byte/],
  ['a quota that is no number', { root: '/', quota: { bytes: -1 } }, /quota\.bytes/],
  ['an option of workspaces', { root: '/', from: '/etc' }, /no option from/],
])('%s is a TypeError', (_, options, message) => {
  expect(() => localSandbox(options as LocalSandboxOptions)).toThrow(TypeError)
  expect(() => localSandbox(options as LocalSandboxOptions)).toThrow(message)
})

/** Does something with the rights of nobody, also when the tests run as root. */
function asNobody<T>(work: () => T): T {
  if (process.getuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return work()
  } finally {
    process.seteuid?.(0)
  }
}

test('a root that is not fit is refused by name when the adapter is made [SBX-11]', async () => {
  const root = freshRoot()
  const reasonOf = (path: string): Promise<string> => faultOf((async () => localSandbox({ root: path }))())
  expect(await reasonOf(join(root, 'none'))).toBe('sandbox/unavailable/root_missing')
  writeFileSync(join(root, 'file'), '')
  expect(await reasonOf(join(root, 'file'))).toBe('sandbox/unavailable/root_not_a_directory')
  mkdirSync(join(root, 'locked'), { mode: 0o500 })
  expect(await asNobody(() => reasonOf(join(root, 'locked')))).toBe('sandbox/unavailable/root_not_writable')
  chmodSync(root, 0o755)
  expect(await asNobody(() => reasonOf(join(root, 'locked')))).toBe('sandbox/unavailable/root_not_writable')
})

test('a folder to begin with that is not fit is refused by name when the adapters are made', async () => {
  const place = freshRoot()
  const reasonOf = (from: string, root = freshRoot()): Promise<string> =>
    faultOf((async () => localWorkspace({ root, from: join(place, from) }))())
  expect(await reasonOf('none')).toBe('sandbox/unavailable/from_missing')
  writeFileSync(join(place, 'file'), '')
  expect(await reasonOf('file')).toBe('sandbox/unavailable/from_not_a_directory')
  mkdirSync(join(place, 'locked'))
  chmodSync(join(place, 'locked'), 0)
  chmodSync(place, 0o755)
  const ofNobody = freshRoot()
  if (process.getuid?.() === 0) chownSync(ofNobody, 65_534, 65_534)
  expect(await asNobody(() => reasonOf('locked', ofNobody))).toBe('sandbox/unavailable/from_not_readable')
  expect(() => localWorkspace({ root: freshRoot(), from: '' })).toThrow(/from/)
})

test('a folder to begin with may be named by a link', async () => {
  const place = freshRoot()
  mkdirSync(join(place, 'real'))
  writeFileSync(join(place, 'real', 'a'), 'text')
  symlinkSync('real', join(place, 'link'))
  const { sandbox, workspace } = localWorkspace({ root: freshRoot(), from: join(place, 'link') })
  const { handle } = await workspace.open({ runId: 'r', sessionId: 's', operation: 'o' })
  const { files } = await sandbox.open({ ...request, workspace: handle })
  expect(textOf((await files.read('/workspace/a'))?.bytes)).toBe('text')
  await sandbox.close()
  await workspace.close()
})

test('a root on a read-only disk is refused by name [SBX-11]', () => {
  const root = freshRoot()
  localSandbox({ root })
  const module = new URL('../src/index.ts', import.meta.url).pathname
  const script = `import(${JSON.stringify(module)}).then(({ localSandbox }) => {
    try { localSandbox({ root: ${JSON.stringify(root)} }) } catch (error) { console.log(error.code, error.meta.reason) }
  })`
  const view = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc']
  const said = execFileSync('bwrap', [...view, process.execPath, '-e', script], { encoding: 'utf8' })
  expect(said).toBe('sandbox/unavailable root_read_only\n')
})

test('a host where paths cannot be walked safely is refused', async () => {
  const reasonOf = (platform: string, hasProc: boolean): Promise<string> =>
    faultOf((async () => requireHost({ platform, hasProc }))())
  expect(await reasonOf('darwin', true)).toBe('sandbox/unavailable/system')
  expect(await reasonOf('win32', false)).toBe('sandbox/unavailable/system')
  expect(await reasonOf('linux', false)).toBe('sandbox/unavailable/proc')
  expect(await reasonOf('linux', true)).toBe('no fault')
})

test('without exec there are no commands, and the adapter says so [SBX-14]', async () => {
  const { adapter, sandbox } = await openedSandbox()
  expect(adapter.info).toMatchObject({
    id: 'local-sandbox',
    packageName: '@belay/local-sandbox',
    specs: { sandbox: 'sandbox/1' },
    capabilities: [],
  })
  expect(adapter.report).toMatchObject({ isolation: 'none', system: 'no commands' })
  expect(Object.values(adapter.report.controls)).not.toContain(true)
  expect(sandbox).not.toHaveProperty('exec')
  expect(sandbox).not.toHaveProperty('spawn')
})

test('one sandbox is open for a key at a time [SBX-13]', async () => {
  const root = freshRoot()
  const adapter = localSandbox({ root })
  const [first, second] = await Promise.allSettled([adapter.open(request), adapter.open(request)])
  expect(first.status).toBe('fulfilled')
  expect(second).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) as unknown })
  const other = await adapter.open({ ...request, key: '__proto__' })
  if (first.status === 'fulfilled') await first.value.close()
  const again = await adapter.open(request)
  await again.files.write('/workspace/a', bytesOf('again'))
  expect(await other.files.read('/workspace/a')).toBeUndefined()
  for (const key of ['', 'k'.repeat(257)])
    expect(await faultOf(adapter.open({ ...request, key }))).toBe('TypeError')
  await adapter.close()
  expect(readdirSync(join(root, 'sandboxes'))).toEqual([])
})

test('closing the adapter closes every sandbox, those that are just opening too', async () => {
  const root = freshRoot()
  const adapter = localSandbox({ root })
  const open = await adapter.open(request)
  const opening = adapter.open({ ...request, key: 'late' })
  await adapter.close()
  await adapter.close()
  expect(await faultOf(open.files.list('/workspace'))).toBe('sandbox/closed')
  expect(await faultOf(opening.then(async (late) => await late.files.list('/workspace')))).toBe(
    'sandbox/closed',
  )
  expect(await faultOf(adapter.open({ ...request, key: 'later' }))).toBe('sandbox/closed')
  expect(readdirSync(join(root, 'sandboxes'))).toEqual([])
})

test('what does not open leaves nothing', async () => {
  const root = freshRoot()
  const { sandbox: adapter, workspace } = localWorkspace({ root })
  onTestFinished(async () => void (await Promise.all([adapter.close(), workspace.close()])))
  expect(await faultOf(adapter.open({ ...request, workspace: 'unknown' }))).toBe('workspace/missing')
  const reason = new Error('enough')
  await expect(adapter.open({ ...request, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const late = new AbortController()
  const opening = adapter.open({ ...request, signal: late.signal })
  late.abort(reason)
  await expect(opening).rejects.toBe(reason)
  expect(readdirSync(join(root, 'sandboxes'))).toEqual([])
  await (await adapter.open(request)).close()
})

test('a workspace is the tree of its sandbox, and outlives it', async () => {
  const root = freshRoot()
  const { sandbox: adapter, workspace } = localWorkspace({ root })
  onTestFinished(async () => void (await Promise.all([adapter.close(), workspace.close()])))
  const run = { runId: 'r', sessionId: 's' }
  const { handle } = await workspace.open({ operation: 'open', ...run })
  const first = await adapter.open({ ...request, workspace: handle })
  await first.files.write('/workspace/a', bytesOf('one'))
  const { ref } = await workspace.snapshot({ operation: 'keep', ...run, handle })
  await first.files.write('/workspace/a', bytesOf('two'))
  await first.close()
  const second = await adapter.open({ ...request, workspace: handle })
  expect(textOf((await second.files.read('/workspace/a'))?.bytes)).toBe('two')
  const restored = await workspace.restore({ operation: 'back', ...run, ref })
  const third = await adapter.open({ ...request, key: 'other', workspace: restored.handle })
  expect(textOf((await third.files.read('/workspace/a'))?.bytes)).toBe('one')
})

test('trees of processes that are gone are removed, those of living ones are not [SBX-12]', async () => {
  const root = freshRoot()
  const module = new URL('../src/index.ts', import.meta.url).pathname
  const script = `import(${JSON.stringify(module)}).then(async ({ localSandbox }) => {
    const sandbox = await localSandbox({ root: ${JSON.stringify(root)} }).open({ key: 'k', sessionId: 's' })
    await sandbox.files.write('/workspace/a/b', new Uint8Array(1))
    console.log('open')
    setInterval(() => undefined, 1_000)
  })`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const [theirs = ''] = readdirSync(join(root, 'sandboxes'))
  const openAndClose = async (): Promise<void> => {
    const adapter = localSandbox({ root })
    await adapter.open(request)
    await adapter.close()
  }
  await openAndClose()
  expect(readdirSync(join(root, 'sandboxes'))).toEqual([theirs])
  child.kill('SIGKILL')
  await once(child, 'exit')
  const adapter = localSandbox({ root })
  await adapter.open(request)
  await expect.poll(() => existsSync(join(root, 'sandboxes', theirs)), { timeout: 30_000 }).toBe(false)
  await adapter.close()
  expect(readdirSync(join(root, 'sandboxes'))).toEqual([])
})

test('only a process of this machine that is certainly not there is gone', () => {
  const own = ownerOfThisProcess()
  const part = (index: number, value: string): string => own.split('-').with(index, value).join('-')
  expect(isOwnerGone(own)).toBe(false)
  expect(isOwnerGone(part(4, '1'))).toBe(true)
  expect(isOwnerGone(part(1, '00000000'))).toBe(true)
  expect(isOwnerGone(part(0, '00000000'))).toBe(false)
  expect(isOwnerGone(part(2, '1'))).toBe(false)
  for (const name of ['', '..', 'mine', `${own}-1`, 'unknown-unknown-0-1-1'])
    expect(isOwnerGone(name)).toBe(false)
})

test('a tree whose rights were taken away is removed with its sandbox, and nothing that its links name', async () => {
  const root = freshRoot()
  const outside = freshRoot()
  writeFileSync(join(outside, 'canary'), 'canary')
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(root, 65_534, 65_534)
  if (isRoot) process.seteuid?.(65_534)
  try {
    const adapter = localSandbox({ root })
    const sandbox = await adapter.open(request)
    await sandbox.files.write('/workspace/a/b/c', bytesOf('x'))
    const [own = ''] = readdirSync(join(root, 'sandboxes'))
    const tree = join(root, 'sandboxes', own, 'workspace')
    symlinkSync(outside, join(tree, 'a/b/link'))
    for (const folder of ['a/b', 'a', '']) chmodSync(join(tree, folder), 0)
    await sandbox.close()
    expect(readdirSync(join(root, 'sandboxes'))).toEqual([])
    await adapter.close()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
  expect(readdirSync(outside)).toEqual(['canary'])
})
