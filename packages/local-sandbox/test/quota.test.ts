import { linkSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { localSandbox } from '../src/index.ts'
import { bytesOf, faultOf, freshRoot, openedSandbox, treeIn } from './support/opened-sandbox.ts'

test('a file that is too large is refused before anything is made [SBX-10]', async () => {
  const { files, tree } = await openedSandbox({ quota: { fileBytes: 10 } })
  await files.write('/workspace/a', new Uint8Array(10))
  expect(await faultOf(files.write('/workspace/new/b', new Uint8Array(11)))).toBe('sandbox/limit/file_bytes')
  expect(await faultOf(files.edit('/workspace/a', { find: '\0', replace: 'xx', all: true }))).toBe(
    'sandbox/limit/file_bytes',
  )
  expect(readdirSync(tree)).toEqual(['a'])
})

test('bytes and files of the whole tree are limited, and what is removed makes room [SBX-10]', async () => {
  const { files, tree } = await openedSandbox({ quota: { bytes: 100, files: 3 } })
  await files.write('/workspace/a', new Uint8Array(60))
  expect(await faultOf(files.write('/workspace/new/b', new Uint8Array(41)))).toBe('sandbox/limit/bytes')
  expect(readdirSync(tree)).toEqual(['a'])
  await files.write('/workspace/new/b', new Uint8Array(40))
  expect(await faultOf(files.write('/workspace/c', new Uint8Array(1)))).toBe('sandbox/limit/bytes')
  await files.write('/workspace/a', new Uint8Array(50))
  await files.write('/workspace/c', new Uint8Array(10))
  expect(await faultOf(files.write('/workspace/d', new Uint8Array(0)))).toBe('sandbox/limit/files')
  await files.remove('/workspace/new')
  await files.write('/workspace/d', new Uint8Array(40))
  await files.remove('/workspace/d')
  await files.write('/workspace/e', new Uint8Array(40))
  expect(await faultOf(files.write('/workspace/e', new Uint8Array(41)))).toBe('sandbox/limit/bytes')
})

test('writes at the same time do not share one room', async () => {
  const { files, tree } = await openedSandbox({ quota: { bytes: 1_000 } })
  const writes = Array.from({ length: 40 }, async (_, index) =>
    faultOf(files.write(`/workspace/${index}`, new Uint8Array(100))),
  )
  const outcomes = await Promise.all(writes)
  expect(outcomes.filter((outcome) => outcome === 'no fault')).toHaveLength(10)
  expect(outcomes.filter((outcome) => outcome === 'sandbox/limit/bytes')).toHaveLength(30)
  expect(readdirSync(tree)).toHaveLength(10)
})

test('what was there before counts, each name of a file for itself, and a smaller file is let into a full tree', async () => {
  const { files, tree } = await openedSandbox({ quota: { bytes: 100 } })
  mkdirSync(join(tree, 'folder'))
  writeFileSync(join(tree, 'folder/one'), new Uint8Array(60))
  linkSync(join(tree, 'folder/one'), join(tree, 'two'))
  expect(await faultOf(files.write('/workspace/new', new Uint8Array(1)))).toBe('sandbox/limit/bytes')
  await files.write('/workspace/two', new Uint8Array(40))
  expect(await faultOf(files.write('/workspace/new', new Uint8Array(1)))).toBe('sandbox/limit/bytes')
})

test('after a command the tree is counted again [SBX-10]', async () => {
  const root = freshRoot()
  const adapter = localSandbox({ root, exec: true, quota: { files: 3 } })
  onTestFinished(async () => await adapter.close())
  const { files, exec } = await adapter.open({ key: 'k', sessionId: 's' })
  await files.write('/workspace/a', bytesOf('x'))
  const ended = await exec?.('sh', { args: ['-c', 'touch b c d e'] })
  expect(ended?.exitCode).toBe(0)
  expect(readdirSync(treeIn(root))).toHaveLength(5)
  expect(await faultOf(files.write('/workspace/new', bytesOf('x')))).toBe('sandbox/limit/files')
  await exec?.('sh', { args: ['-c', 'rm b c d e'] })
  await files.write('/workspace/new', bytesOf('x'))
})

test('commands see the files of calls and the mounts, and calls see the files of commands', async () => {
  const root = freshRoot()
  const adapter = localSandbox({ root, exec: true })
  onTestFinished(async () => await adapter.close())
  expect(adapter.info.capabilities).toEqual(['sandbox.exec', 'sandbox.isolated'])
  const { files, exec } = await adapter.open({ key: 'k', sessionId: 's' })
  await files.write('/workspace/a', bytesOf('from a call'))
  await files.mount('/skills/one', [
    { path: 'bin/tool', bytes: bytesOf('#!/bin/sh\ncat a > b'), executable: true },
  ])
  expect((await exec?.('/skills/one/bin/tool'))?.exitCode).toBe(0)
  expect(new TextDecoder().decode((await files.read('/workspace/b'))?.bytes)).toBe('from a call')
  await files.mount('/skills/two', [{ path: 'SKILL.md', bytes: bytesOf('later') }])
  const tried = await exec?.('sh', {
    args: ['-c', 'cat /skills/two/SKILL.md; touch /skills/two/x || echo refused'],
  })
  expect(new TextDecoder().decode(tried?.stdout)).toBe('laterrefused\n')
})
