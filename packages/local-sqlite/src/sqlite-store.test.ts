import { existsSync, readFileSync } from 'node:fs'
import { portSpecs } from '@belay/core/ports'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { batchOf, dataOf } from '../test/support/journal-batches.ts'
import { tempFolder } from '../test/support/temp-folder.ts'
import type { TempFolder } from '../test/support/temp-folder.ts'
import { requireSupportedSqlite } from './database/open.ts'
import * as entryPoint from './index.ts'
import { requireSupportedNode } from './runtime-guard.ts'
import { sqliteStore } from './sqlite-store.ts'
import { packageVersion } from './version.ts'

let folder: TempFolder
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => {
  folder.remove()
})

test('the package exports one function', () => {
  expect(Object.keys(entryPoint)).toEqual(['sqliteStore'])
})

test('the version is the one of package.json', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  expect((JSON.parse(text) as { version: string }).version).toBe(packageVersion)
})

test('info is read without I/O, and nothing is opened before the first call', async () => {
  const store = sqliteStore({ file: folder.file() })
  expect(store.info).toEqual({
    id: 'sqlite',
    packageName: '@belay/local-sqlite',
    version: packageVersion,
    specs: {
      journal: portSpecs.journal,
      lease: portSpecs.lease,
      blobs: portSpecs.blobs,
      memory: portSpecs.memory,
    },
    capabilities: ['store.persistent', 'store.multi-process', 'memory.ttl', 'memory.search'],
  })
  await store.close()
  expect(existsSync(folder.file())).toBe(false)
})

test.each([
  [{ file: '' }],
  [{ file: ':memory:' }],
  [{ file: 'a\0b' }],
  [{ file: 'store.db ' }],
  [{ file: 7 as never }],
  [{ file: 'x.db', synchronous: 'off' as never }],
  [{ file: 'x.db', busyTimeoutMs: -1 }],
  [{ file: 'x.db', busyTimeoutMs: Number.NaN }],
  [{ file: 'x.db', clock: 0 as never }],
])('wrong options are a TypeError: %j', (options) => {
  expect(() => sqliteStore(options)).toThrow(TypeError)
})

test.each(['20.20.2', '22.17.9', '18.0.0'])('Node %s is refused by name', (version) => {
  expect(() => requireSupportedNode(version)).toThrow(expect.objectContaining({ code: 'store/version' }))
})

test.each(['22.18.0', '23.0.0', '24.21.0'])('Node %s is taken', (version) => {
  expect(() => requireSupportedNode(version)).not.toThrow()
})

test.each(['3.7.0', '3.51.2', '3.9.9', '2.99.99'])('SQLite %s is refused by name', (version) => {
  expect(() => requireSupportedSqlite(version)).toThrow(expect.objectContaining({ code: 'store/version' }))
})

test.each(['3.51.3', '3.52.0', '3.100.0', '4.0.0'])('SQLite %s is taken', (version) => {
  expect(() => requireSupportedSqlite(version)).not.toThrow()
})

test('close leaves one file, with everything in it', async () => {
  const store = sqliteStore({ file: folder.file() })
  await store.journal.append(batchOf('s', [1]))
  expect(existsSync(`${folder.file()}-wal`)).toBe(true)
  await store.close()
  expect(existsSync(`${folder.file()}-wal`)).toBe(false)
  const reopened = sqliteStore({ file: folder.file() })
  expect(await dataOf(reopened, 's')).toEqual([1])
  await reopened.close()
})

test('what the driver would change or lose is a TypeError, and writes nothing', async () => {
  const store = sqliteStore({ file: folder.file() })
  const lone = '\ud800'
  const entry = { type: 'x.y', at: 1, data: 1 }
  const wrong = [
    batchOf(lone, [1]),
    { ...batchOf('s', [1]), id: lone },
    { ...batchOf('s', [1]), id: '' },
    { ...batchOf('s', [1]), id: 'i'.repeat(129) },
    { id: 'a', entries: [{ stream: 's', entries: [{ ...entry, type: lone }] }] },
    { id: 'b', entries: [{ stream: 's', entries: [{ ...entry, at: Number.NaN }] }] },
    { id: 'c', entries: [{ stream: 's', entries: [{ ...entry, data: undefined as never }] }] },
    { id: 'd', entries: [{ stream: 's', entries: [{ ...entry, data: 1n as never }] }] },
  ]
  for (const batch of wrong) await expect(store.journal.append(batch)).rejects.toThrow(TypeError)
  await expect(store.leases.acquire(lone, 'owner', 1)).rejects.toThrow(TypeError)
  await expect(store.leases.acquire('k', lone, 1)).rejects.toThrow(TypeError)
  expect(await store.journal.read('s')).toEqual([])
  // U+FFFD is what the driver makes of a lone surrogate.
  await store.journal.append(batchOf('\ufffd', [{ text: lone }]))
  expect(await store.journal.read(lone)).toEqual([])
  expect(await dataOf(store, '\ufffd')).toEqual([{ text: lone }])
  await store.close()
})

test('a stream of more entries than a page reads whole, and the event loop turns meanwhile', async () => {
  const store = sqliteStore({ file: folder.file() })
  const data = Array.from({ length: 5_000 }, (_, index) => ({ index, text: 'x'.repeat(index % 700) }))
  await store.journal.append(batchOf('s', data))
  let turns = 0
  let isReading = true
  const turn = (): void => {
    turns += 1
    if (isReading) setImmediate(turn)
  }
  setImmediate(turn)
  const read = await dataOf(store, 's')
  isReading = false
  expect(read).toEqual(data)
  expect(turns).toBeGreaterThan(4)
  expect(await store.journal.read('s', { after: 4_990, limit: 5 })).toHaveLength(5)
  await store.close()
})
