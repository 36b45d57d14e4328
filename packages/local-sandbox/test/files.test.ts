import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bytesOf, faultOf, openedSandbox, textOf } from './support/opened-sandbox.ts'

test('a file that is written can be read, whole and in parts', async () => {
  const { files } = await openedSandbox()
  await files.write('/workspace/a/b/c.txt', bytesOf('0123456789'))
  expect(textOf((await files.read('/workspace/a/b/c.txt'))?.bytes)).toBe('0123456789')
  const part = await files.read('/workspace/a/b/c.txt', { offset: 2, limit: 3 })
  expect({ ...part, bytes: textOf(part?.bytes) }).toEqual({ bytes: '234', size: 10, truncated: true })
  const end = await files.read('/workspace/a/b/c.txt', { offset: 8 })
  expect({ ...end, bytes: textOf(end?.bytes) }).toEqual({ bytes: '89', size: 10, truncated: false })
  const beyond = await files.read('/workspace/a/b/c.txt', { offset: 90 })
  expect({ ...beyond, bytes: textOf(beyond?.bytes) }).toEqual({ bytes: '', size: 10, truncated: false })
  expect(await files.read('/workspace/none')).toBeUndefined()
  expect(await files.read('/workspace/none/none')).toBeUndefined()
})

test('a write keeps the mode of the file before, and makes a mode exact whatever the umask [SBX-5]', async () => {
  const { files, tree } = await openedSandbox()
  const before = process.umask(0o077)
  try {
    await files.write('/workspace/new', bytesOf('a'))
    await files.write('/workspace/run', bytesOf('a'), { mode: 0o755 })
    await files.write('/workspace/run', bytesOf('b'))
  } finally {
    process.umask(before)
  }
  expect(statSync(join(tree, 'new')).mode & 0o7777).toBe(0o644)
  expect(statSync(join(tree, 'run')).mode & 0o7777).toBe(0o755)
  expect(readFileSync(join(tree, 'run'), 'utf8')).toBe('b')
})

test('a set-user-id bit does not live through a write', async () => {
  const { files, tree } = await openedSandbox()
  writeFileSync(join(tree, 'tool'), 'x')
  chmodSync(join(tree, 'tool'), 0o4755)
  await files.write('/workspace/tool', bytesOf('y'))
  expect(statSync(join(tree, 'tool')).mode & 0o7777).toBe(0o755)
})

test('another name of a file keeps its content when the file is written or edited [SBX-4]', async () => {
  const { files, tree, root } = await openedSandbox()
  const outside = join(root, 'outside')
  writeFileSync(outside, 'canary')
  linkSync(outside, join(tree, 'one'))
  await files.edit('/workspace/one', { find: 'canary', replace: 'changed' })
  await files.write('/workspace/one', bytesOf('changed again'))
  await files.remove('/workspace/one')
  expect(readFileSync(outside, 'utf8')).toBe('canary')
  expect(statSync(outside).nlink).toBe(1)
})

test('edit replaces text literally [SBX-6]', async () => {
  const { files } = await openedSandbox()
  await files.write('/workspace/a', bytesOf('one two two'), { mode: 0o700 })
  expect(await files.edit('/workspace/a', { find: 'one', replace: '$&$1' })).toEqual({ replacements: 1 })
  expect(await faultOf(files.edit('/workspace/a', { find: 'two', replace: 'x' }))).toBe(
    'sandbox/edit/ambiguous',
  )
  expect(await files.edit('/workspace/a', { find: 'two', replace: 'x', all: true })).toEqual({
    replacements: 2,
  })
  expect(textOf((await files.read('/workspace/a'))?.bytes)).toBe('$&$1 x x')
  expect((await files.stat('/workspace/a'))?.mode).toBe(0o700)
  expect(await faultOf(files.edit('/workspace/none', { find: 'a', replace: 'b' }))).toBe(
    'sandbox/edit/missing',
  )
})

test('list gives kinds and sizes by name and says what it cuts [SBX-7]', async () => {
  const { files, tree } = await openedSandbox()
  for (const name of ['b', 'B', 'a-b', 'ä', '-rf', 'line\nfeed'])
    await files.write(`/workspace/${name}`, bytesOf(name))
  await files.write('/workspace/a/file', bytesOf('x'))
  symlinkSync('/etc/passwd', join(tree, 'link'))
  expect(await files.list('/workspace')).toEqual({
    entries: [
      { name: '-rf', kind: 'file', size: 3 },
      { name: 'B', kind: 'file', size: 1 },
      { name: 'a', kind: 'directory', size: 0 },
      { name: 'a-b', kind: 'file', size: 3 },
      { name: 'b', kind: 'file', size: 1 },
      { name: 'line\nfeed', kind: 'file', size: 9 },
      { name: 'link', kind: 'link', size: 0 },
      { name: 'ä', kind: 'file', size: 2 },
    ],
    truncated: false,
  })
  const cut = await files.list('/workspace', { limit: 2 })
  expect(cut?.entries.map(({ name }) => name)).toEqual(['-rf', 'B'])
  expect(cut?.truncated).toBe(true)
  expect(await files.list('/workspace/none')).toBeUndefined()
})

test('stat tells files from directories', async () => {
  const { files, tree } = await openedSandbox()
  await files.write('/workspace/a/b', bytesOf('123'))
  expect(await files.stat('/workspace/a/b')).toEqual({
    kind: 'file',
    size: 3,
    mode: 0o644,
    modifiedAt: statSync(join(tree, 'a/b')).mtimeMs,
  })
  expect(await files.stat('/workspace')).toMatchObject({ kind: 'directory', size: 0 })
  expect(await files.stat('/workspace/a')).toMatchObject({ kind: 'directory', size: 0 })
  expect(await files.stat('/workspace/c')).toBeUndefined()
})

test('glob and grep give paths in their order [SBX-7]', async () => {
  const { files } = await openedSandbox()
  for (const name of ['a/c.ts', 'a-b.ts', 'a/d/e.ts', 'a.ts', 'z.md'])
    await files.write(`/workspace/${name}`, bytesOf(`first\nneedle in ${name}\n`))
  const found = ['/workspace/a-b.ts', '/workspace/a.ts', '/workspace/a/c.ts', '/workspace/a/d/e.ts']
  expect(await files.glob('**/*.ts')).toEqual({ paths: found, truncated: false })
  expect(await files.glob('**/*.ts', { limit: 2 })).toEqual({ paths: found.slice(0, 2), truncated: true })
  expect(await files.glob('*.ts', { path: '/workspace/a' })).toEqual({
    paths: ['/workspace/a/c.ts'],
    truncated: false,
  })
  expect(await files.grep('needle', { glob: '**/*.ts' })).toEqual({
    matches: found.map((path) => ({ path, line: 2, text: `needle in ${path.slice('/workspace/'.length)}` })),
    truncated: false,
  })
  expect(await files.grep('needle', { path: '/workspace/z.md' })).toEqual({
    matches: [{ path: '/workspace/z.md', line: 2, text: 'needle in z.md' }],
    truncated: false,
  })
  expect(await files.glob('*', { path: '/workspace/none' })).toEqual({ paths: [], truncated: false })
  expect(await files.grep('needle', { path: '/workspace/none' })).toEqual({ matches: [], truncated: false })
})

test('remove takes files, trees and links away, and empties the workspace', async () => {
  const { files, tree, root } = await openedSandbox()
  await files.write('/workspace/a/b/c', bytesOf('x'))
  await files.write('/workspace/d', bytesOf('x'))
  mkdirSync(join(root, 'outside'))
  writeFileSync(join(root, 'outside/canary'), 'canary')
  symlinkSync(join(root, 'outside'), join(tree, 'a/b/link'))
  symlinkSync(join(root, 'outside'), join(tree, 'link'))
  expect(await files.remove('/workspace/link')).toBe(true)
  expect(await files.remove('/workspace/link')).toBe(false)
  expect(await files.remove('/workspace/a')).toBe(true)
  expect(readdirSync(tree)).toEqual(['d'])
  expect(await files.remove('/workspace')).toBe(true)
  expect(await files.remove('/workspace')).toBe(false)
  expect(readdirSync(tree)).toEqual([])
  expect(readFileSync(join(root, 'outside/canary'), 'utf8')).toBe('canary')
})

test('a mount can be read and not changed, and is replaced whole [SBX-8]', async () => {
  const { files, root } = await openedSandbox()
  await files.mount('/skills/pdf', [
    { path: 'SKILL.md', bytes: bytesOf('one') },
    { path: 'bin/run', bytes: bytesOf('#!'), executable: true },
  ])
  expect(textOf((await files.read('/skills/pdf/SKILL.md'))?.bytes)).toBe('one')
  expect((await files.stat('/skills/pdf/bin/run'))?.mode).toBe(0o555)
  expect(await faultOf(files.write('/skills/pdf/SKILL.md', bytesOf('two')))).toBe('sandbox/path/read_only')
  expect(await faultOf(files.edit('/skills/pdf/SKILL.md', { find: 'o', replace: 'x' }))).toBe(
    'sandbox/path/read_only',
  )
  expect(await faultOf(files.remove('/skills/pdf'))).toBe('sandbox/path/read_only')
  expect(await faultOf(files.mount('/skills/pdf', [{ path: '../x', bytes: bytesOf('x') }]))).toBe(
    'sandbox/path/not_normal',
  )
  expect(await faultOf(files.mount('/workspace/pdf', []))).toBe('sandbox/path/outside')
  await files.mount('/skills/pdf', [{ path: 'SKILL.md', bytes: bytesOf('two') }])
  expect((await files.list('/skills/pdf'))?.entries).toEqual([{ name: 'SKILL.md', kind: 'file', size: 3 }])
  const [own = ''] = readdirSync(join(root, 'sandboxes'))
  expect(readdirSync(join(root, 'sandboxes', own, 'staging'))).toEqual([])
})

test('an aborted signal ends a call with its reason', async () => {
  const { files } = await openedSandbox()
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(files.write('/workspace/a', bytesOf('x'), { signal })).rejects.toBe(reason)
  await expect(files.grep('a', { signal })).rejects.toBe(reason)
  expect(await files.list('/workspace')).toEqual({ entries: [], truncated: false })
})

test('after close every call is refused, and calls under way have ended [SBX-9]', async () => {
  const { files, sandbox, root } = await openedSandbox()
  await files.write('/workspace/a', new Uint8Array(30_000_000))
  const reading = faultOf(files.read('/workspace/a', { limit: 30_000_000 }))
  await sandbox.close()
  await sandbox.close()
  expect(['no fault', 'sandbox/closed']).toContain(await reading)
  expect(readdirSync(join(root, 'sandboxes'))).toEqual([])
  const calls = [
    files.read('/workspace/a'),
    files.write('/workspace/a', bytesOf('x')),
    files.edit('/workspace/a', { find: 'a', replace: 'b' }),
    files.list('/workspace'),
    files.glob('*'),
    files.grep('a'),
    files.stat('/workspace/a'),
    files.remove('/workspace/a'),
    files.mount('/skills/a', []),
  ]
  for (const call of calls) expect(await faultOf(call)).toBe('sandbox/closed')
})
