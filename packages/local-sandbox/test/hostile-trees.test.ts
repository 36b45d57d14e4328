import { execFileSync } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { SandboxFiles } from '@belay/core/ports'
import { bytesOf, faultOf, openedSandbox, textOf } from './support/opened-sandbox.ts'

const isFull = process.env['BELAY_SIZE'] === 'full'

/** What every call that names a path makes of it. */
async function refusals(files: SandboxFiles, path: string): Promise<readonly string[]> {
  const calls = [
    files.read(path),
    files.stat(path),
    files.list(path),
    files.glob('**', { path }),
    files.grep('x', { path }),
    files.write(path, bytesOf('x')),
    files.edit(path, { find: 'a', replace: 'b' }),
  ]
  return [...new Set(await Promise.all(calls.map(faultOf)))]
}

const links: Readonly<Record<string, string>> = {
  absolute: '/etc/hostname',
  'to a folder': '/etc',
  relative: '../../../outside',
  dangling: 'nothing',
  'to itself': 'link',
  inside: 'folder',
  'to a file inside': 'folder/file',
  'to the root of the process': '/proc/self/root',
  'to the folder of the process': '/proc/self/cwd/package.json',
  'to an open file': '/proc/self/fd/0',
}

test.each(Object.keys(links))(
  'a link (%s) is refused at the end and as a part, and can only be removed [SBX-2]',
  async (kind) => {
    const { files, tree } = await openedSandbox()
    await files.write('/workspace/folder/file', bytesOf('x'))
    symlinkSync(links[kind] ?? '', join(tree, 'link'))
    expect(await refusals(files, '/workspace/link')).toEqual(['sandbox/path/link'])
    expect(await refusals(files, '/workspace/link/file')).toEqual(['sandbox/path/link'])
    expect(await faultOf(files.remove('/workspace/link/file'))).toBe('sandbox/path/link')
    expect((await files.list('/workspace'))?.entries).toContainEqual({ name: 'link', kind: 'link', size: 0 })
    expect(await files.glob('**')).toEqual({ paths: ['/workspace/folder/file'], truncated: false })
    expect((await files.grep('x')).matches.map(({ path }) => path)).toEqual(['/workspace/folder/file'])
    expect(await files.remove('/workspace/link')).toBe(true)
    expect(readdirSync(tree)).toEqual(['folder'])
    expect(textOf((await files.read('/workspace/folder/file'))?.bytes)).toBe('x')
  },
)

/** Something that is neither a file nor a folder nor a link. */
const specials: Readonly<Record<string, (path: string) => Promise<void>>> = {
  FIFO: async (path) => void execFileSync('mkfifo', [path]),
  socket: async (path) => {
    // The path of a socket is at most 107 bytes.
    const folder = mkdtempSync(join(tmpdir(), 'belay-socket-'))
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve))
    linkSync(join(folder, 's'), path)
    onTestFinished(() => {
      server.close()
      rmSync(folder, { recursive: true, force: true })
    })
  },
  // Needs root: the gate runs as root.
  'device that never ends': async (path) => void execFileSync('mknod', [path, 'c', '1', '5']),
  'device of a disk': async (path) => void execFileSync('mknod', [path, 'b', '7', '200']),
}

test.each(Object.keys(specials))(
  'a %s is refused at once by every call, and can only be removed [SBX-3]',
  async (kind) => {
    const { files, tree } = await openedSandbox()
    await specials[kind]?.(join(tree, 'special'))
    expect(await faultOf(files.read('/workspace/special'))).toBe('sandbox/path/special')
    expect(await faultOf(files.stat('/workspace/special'))).toBe('sandbox/path/special')
    expect(await faultOf(files.write('/workspace/special', bytesOf('x')))).toBe('sandbox/path/special')
    expect(await faultOf(files.edit('/workspace/special', { find: 'a', replace: 'b' }))).toBe(
      'sandbox/path/special',
    )
    expect(await faultOf(files.grep('x', { path: '/workspace/special' }))).toBe('sandbox/path/special')
    expect(await faultOf(files.list('/workspace/special'))).toBe('sandbox/path/not_a_directory')
    expect(await refusals(files, '/workspace/special/file')).toEqual(['sandbox/path/not_a_directory'])
    expect((await files.list('/workspace'))?.entries).toEqual([{ name: 'special', kind: 'special', size: 0 }])
    expect(await files.glob('**')).toEqual({ paths: [], truncated: false })
    expect(await files.grep('x')).toEqual({ matches: [], truncated: false })
    expect(await files.remove('/workspace/special')).toBe(true)
    expect(readdirSync(tree)).toEqual([])
  },
)

test('files and directories are told apart', async () => {
  const { files } = await openedSandbox()
  await files.write('/workspace/folder/file', bytesOf('x'))
  expect(await faultOf(files.read('/workspace/folder'))).toBe('sandbox/path/not_a_file')
  expect(await faultOf(files.read('/workspace'))).toBe('sandbox/path/not_a_file')
  expect(await faultOf(files.write('/workspace/folder', bytesOf('x')))).toBe('sandbox/path/not_a_file')
  expect(await faultOf(files.write('/workspace', bytesOf('x')))).toBe('sandbox/path/not_a_file')
  expect(await faultOf(files.list('/workspace/folder/file'))).toBe('sandbox/path/not_a_directory')
  expect(await refusals(files, '/workspace/folder/file/x')).toEqual(['sandbox/path/not_a_directory'])
})

const names = [
  '-rf',
  ' ',
  'line\nfeed',
  '\u0001\u001b[2J',
  '%2e%2e',
  '..x',
  'a\\..\\b',
  'n'.repeat(255),
  'ü'.repeat(127),
  '\u202Eexe.txt',
  '__proto__',
  '$(id)',
  '*',
  '\ufffd',
]

test.each(names)('the name %j is a name like others', async (name) => {
  const { files, tree } = await openedSandbox()
  const path = `/workspace/${name}/${name}`
  await files.write(path, bytesOf('needle'))
  expect(textOf((await files.read(path))?.bytes)).toBe('needle')
  expect(readdirSync(join(tree, name))).toEqual([name])
  expect((await files.list(`/workspace/${name}`))?.entries).toEqual([{ name, kind: 'file', size: 6 }])
  expect((await files.glob('**')).paths).toEqual([path])
  expect((await files.grep('needle')).matches.map((match) => match.path)).toEqual([path])
  expect(await files.remove(`/workspace/${name}`)).toBe(true)
})

test.each(['a\0b', 'a'.repeat(256), 'a/../b', './a', 'a//b', 'a/', '..', '\ud800'])(
  'a path that ends with %j is refused by its form [SBX-2]',
  async (name) => {
    const { files, tree } = await openedSandbox()
    for (const refusal of await refusals(files, `/workspace/${name}`)) {
      expect(['sandbox/path/name', 'sandbox/path/not_normal']).toContain(refusal)
    }
    expect(readdirSync(tree)).toEqual([])
  },
)

test('a name that is no UTF-8 is listed as taken, and removed with its folder', async () => {
  const { files, tree } = await openedSandbox()
  const bytes = Buffer.from([0x66, 0xff, 0x66])
  mkdirSync(join(tree, 'folder'))
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/folder/`), bytes]), 'secret')
  mkdirSync(Buffer.concat([Buffer.from(`${tree}/folder/d`), bytes]))
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/folder/d`), bytes, Buffer.from('/file')]), 'x')
  expect((await files.list('/workspace/folder'))?.entries).toEqual([
    { name: 'df\ufffdf', kind: 'special', size: 0 },
    { name: 'f\ufffdf', kind: 'special', size: 0 },
  ])
  expect(await files.read('/workspace/folder/f\ufffdf')).toBeUndefined()
  expect(await files.glob('**')).toEqual({ paths: [], truncated: false })
  expect(await files.remove('/workspace/folder')).toBe(true)
  expect(readdirSync(tree)).toEqual([])
})

test('a file of 4 GiB is read in parts, left out of searches, and replaced', async () => {
  const { files, tree } = await openedSandbox()
  const size = 4 * 1_024 ** 3
  writeFileSync(join(tree, 'sparse'), 'begin')
  truncateSync(join(tree, 'sparse'), size)
  const begin = await files.read('/workspace/sparse', { limit: 5 })
  expect({ ...begin, bytes: textOf(begin?.bytes) }).toEqual({ bytes: 'begin', size, truncated: true })
  const end = await files.read('/workspace/sparse', { offset: size - 1 })
  expect({ length: end?.bytes.length, truncated: end?.truncated }).toEqual({ length: 1, truncated: false })
  expect((await files.read('/workspace/sparse'))?.bytes.length).toBe(10_485_760)
  expect(await files.grep('begin')).toEqual({ matches: [], truncated: true })
  expect(await faultOf(files.edit('/workspace/sparse', { find: 'begin', replace: 'x' }))).toBe(
    'sandbox/limit/file_bytes',
  )
  await files.write('/workspace/sparse', bytesOf('small'))
  expect(statSync(join(tree, 'sparse')).size).toBe(5)
})

test('a folder of very many files is listed in order, searched within bounds and removed', async () => {
  const { files, tree } = await openedSandbox()
  const count = isFull ? 100_000 : 4_000
  mkdirSync(join(tree, 'many'))
  for (let index = 0; index < count; index++) writeFileSync(join(tree, 'many', `${index}`), '')
  const expected = Array.from({ length: count }, (_, index) => `${index}`).toSorted()
  const listing = await files.list('/workspace/many', { limit: 500 })
  expect(listing?.truncated).toBe(true)
  expect(listing?.entries.map(({ name }) => name)).toEqual(expected.slice(0, 500))
  const found = await files.glob('many/*7', { limit: 10_000 })
  const sevens = expected.filter((name) => name.endsWith('7')).map((name) => `/workspace/many/${name}`)
  expect(found).toEqual({ paths: sevens.slice(0, 10_000), truncated: sevens.length > 10_000 })
  expect(await files.remove('/workspace/many')).toBe(true)
  expect(readdirSync(tree)).toEqual([])
})

/** Deeper than a path can be long: each folder is made from within the one above. */
function makeDeep(tree: string, depth: number): void {
  const script = `for (let i = 0; i < ${depth}; i++) { fs.mkdirSync('d'); process.chdir('d') } fs.writeFileSync('file', 'x')`
  execFileSync(process.execPath, ['-e', script], { cwd: tree })
}

test('a tree that is deeper than any path is searched as far as it goes, said to be cut, and removed', async () => {
  const { files, tree } = await openedSandbox()
  makeDeep(tree, isFull ? 20_000 : 1_000)
  expect(await files.glob('**')).toEqual({ paths: [], truncated: true })
  expect(await files.grep('x')).toEqual({ matches: [], truncated: true })
  expect(await files.remove('/workspace/d')).toBe(true)
  expect(readdirSync(tree)).toEqual([])
})

test('a path of 4,096 bytes can be written, read and found', async () => {
  const { files } = await openedSandbox()
  const path = `/workspace/${`${'p'.repeat(200)}/`.repeat(20)}${'e'.repeat(65)}`
  expect(path.length).toBe(4_096)
  await files.write(path, bytesOf('x'))
  expect(textOf((await files.read(path))?.bytes)).toBe('x')
  expect((await files.glob('**')).paths).toEqual([path])
  expect(await faultOf(files.write(`${path}e`, bytesOf('x')))).toBe('sandbox/path/name')
})
