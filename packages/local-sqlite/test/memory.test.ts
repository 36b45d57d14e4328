import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Memory, MemoryScope } from '@belay/core/ports'
import { sqliteStore } from '../src/index.ts'
import { withRawDatabase } from './support/raw-database.ts'
import { tempFolder } from './support/temp-folder.ts'
import type { TempFolder } from './support/temp-folder.ts'

let folder: TempFolder
let now = 0
beforeEach(() => {
  folder = tempFolder()
  now = 1_700_000_000_000
})
afterEach(() => folder.remove())

const open = (): ReturnType<typeof sqliteStore> => sqliteStore({ file: folder.file(), clock: () => now })
const scope: MemoryScope = { kind: 'user', id: 'u' }
const rows = (table: string): unknown =>
  withRawDatabase(folder.file(), (db) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get())

test('each write removes at most 16 expired records, with their words', async () => {
  const store = open()
  const memory = store.memory as Memory
  for (let key = 0; key < 50; key += 1) await memory.set(scope, `k${key}`, { value: 'word', ttlMs: 1_000 })
  expect([rows('memory'), rows('memory_words')]).toEqual([50, 50])
  now += 1_001
  const left: unknown[] = []
  for (let write = 0; write < 4; write += 1) {
    await memory.set(scope, 'new', { value: 'word' })
    left.push(rows('memory'), rows('memory_words'))
  }
  // Of 50 and one new record: 34, 18, 2 and none of the old ones.
  expect(left).toEqual([35, 35, 19, 19, 3, 3, 1, 1])
  await store.close()
})

test('a replaced or deleted record leaves no words behind', async () => {
  const store = open()
  const memory = store.memory as Memory
  for (let write = 0; write < 5; write += 1) await memory.set(scope, 'k', { value: `word${write}` })
  expect([rows('memory'), rows('memory_words')]).toEqual([1, 1])
  await memory.delete(scope, 'k')
  expect([rows('memory'), rows('memory_words')]).toEqual([0, 0])
  await store.close()
})

test('words that point to the record of another scope find nothing', async () => {
  const store = open()
  const memory = store.memory as Memory
  await memory.set(scope, 'k', { value: 'secret' })
  await memory.set({ kind: 'user', id: 'other' }, 'k', { value: 'secret' })
  withRawDatabase(folder.file(), (db) =>
    db.exec('UPDATE memory_words SET scope = (SELECT scope FROM memory_words WHERE rowid = 1)'),
  )
  expect(await memory.search?.(scope, { text: 'secret' })).toHaveLength(1)
  await store.close()
})

test('a word that was changed anywhere in the file is found', async () => {
  const store = open()
  await store.memory?.set(scope, 'k', { value: 'zebra' })
  await store.close()
  const bytes = readFileSync(folder.file())
  let places = 0
  for (let at = bytes.indexOf('zebra'); at >= 0; at = bytes.indexOf('zebra', at + 1)) {
    places += 1
    const damaged = Buffer.from(bytes)
    damaged.write('zebrb', at)
    writeFileSync(folder.file('copy.db'), damaged)
    const copy = sqliteStore({ file: folder.file('copy.db'), clock: () => now })
    await expect(copy.memory?.search?.(scope, { text: 'zebra' })).rejects.toMatchObject({
      code: 'store/corrupt',
    })
    await copy.close()
  }
  expect(places, 'in the record, its words and their index').toBe(3)
})

test('a record moved to another scope fails its checksum there', async () => {
  const store = open()
  await store.memory?.set(scope, 'k', { value: 'word' })
  withRawDatabase(folder.file(), (db) => db.exec("UPDATE memory SET scope = 'v'"))
  await expect(store.memory?.get({ kind: 'user', id: 'v' }, 'k')).rejects.toMatchObject({
    code: 'store/corrupt',
    meta: { scope: 'user' },
  })
  await store.close()
})
