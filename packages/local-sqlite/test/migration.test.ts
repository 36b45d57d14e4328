import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { dataOf } from './support/journal-batches.ts'
import { withRawDatabase } from './support/raw-database.ts'
import { tempFolder } from './support/temp-folder.ts'
import type { TempFolder } from './support/temp-folder.ts'

/** A file that the package wrote when its schema was 1. */
const fixture = new URL('./fixtures/schema-1.db.gz', import.meta.url)

/** A file that the package wrote when its schema was 2. */
const secondFixture = new URL('./fixtures/schema-2.db.gz', import.meta.url)

let folder: TempFolder
let file: string
beforeEach(() => {
  folder = tempFolder()
  file = folder.file()
  writeFileSync(file, gunzipSync(readFileSync(fixture)))
})
afterEach(() => {
  folder.remove()
})

const clock = (): number => 1_700_000_000_000
const open = (): ReturnType<typeof sqliteStore> => sqliteStore({ file, clock })
const entry = (data: string | number): { type: string; at: number; data: string | number } => ({
  type: 'step.finished',
  at: clock(),
  data,
})
const versionOf = (): unknown => withRawDatabase(file, (db) => db.pragma('user_version', { simple: true }))

const steps = Array.from({ length: 100 }, (_, index) => ({
  step: index + 1,
  text: 'é'.repeat((index + 1) % 7),
}))

test('a file of schema 1 is raised with everything in it', async () => {
  expect(versionOf()).toBe(1)
  const store = open()
  expect(await dataOf(store, 'run/1')).toEqual([...steps, 'b1', 'b2'])
  expect(await dataOf(store, 'run/2')).toEqual(['b3', 1, 2, 3, 'late'])
  expect(await dataOf(store, 'run/gone')).toEqual([])
  expect(await store.journal.heads({})).toMatchObject([{ stream: 'run/1', data: { a: 1 } }])
  expect(await store.leases.get('session/1')).toMatchObject({ owner: 'owner', token: 1 })
  const ref = await store.blobs.put(Buffer.from('blob'))
  expect(Buffer.from((await store.blobs.get(ref)) ?? [])).toEqual(Buffer.from('blob'))
  expect(versionOf()).toBe(3)
  await store.close()
})

test('the ids of its batches are remembered, the unindexed ones too', async () => {
  const store = open()
  const late = { id: 'late', entries: [{ stream: 'run/2', entries: [entry('late')] }] }
  expect(await store.journal.append(late)).toEqual({ positions: { 'run/2': 5 } })
  const last = { id: 'one-100', entries: [{ stream: 'run/1', entries: [entry('other')] }] }
  await expect(store.journal.append(last)).rejects.toMatchObject({ code: 'journal/conflict' })
  const both = {
    id: 'both',
    entries: [
      { stream: 'run/1', entries: [entry('b1'), entry('b2')] },
      { stream: 'run/2', entries: [entry('b3')] },
    ],
  }
  expect(await store.journal.append(both)).toEqual({ positions: { 'run/1': 102, 'run/2': 1 } })
  await store.journal.append({ id: 'drop them', drop: ['run/1', 'run/2'] })
  expect(await store.journal.append(both)).toEqual({ positions: { 'run/1': 2, 'run/2': 1 } })
  const gone = { id: 'gone', entries: [{ stream: 'run/gone', entries: [entry('x')] }] }
  expect(await store.journal.append(gone)).toEqual({ positions: { 'run/gone': 1 } })
  await store.close()
})

test.each([
  ['changed', "UPDATE entries SET data = replace(data, '50', '51') WHERE data LIKE '%:50,%'"],
  ['missing', "DELETE FROM entries WHERE data LIKE '%:50,%'"],
])('an entry that is %s stays unreadable by name', async (_, damage) => {
  withRawDatabase(file, (db) => db.exec(damage))
  const store = open()
  await expect(store.journal.read('run/1')).rejects.toMatchObject({
    code: 'store/corrupt',
    meta: { stream: 'run/1', position: 50 },
  })
  expect(await store.journal.read('run/1', { limit: 49 })).toHaveLength(49)
  expect(await store.journal.read('run/1', { after: 50 })).toHaveLength(52)
  await store.close()
})

describe('a file of schema 2', () => {
  beforeEach(() => writeFileSync(file, gunzipSync(readFileSync(secondFixture))))

  test('is raised with everything in it, and gets a memory', async () => {
    expect(versionOf()).toBe(2)
    const store = open()
    const texts = Array.from({ length: 300 }, (_, index) => ({
      step: index + 1,
      text: 'é'.repeat((index + 1) % 7),
    }))
    expect(await dataOf(store, 'run/1')).toEqual(texts)
    expect(await dataOf(store, 'run/2')).toEqual(['a', 'b', 'late'])
    expect(await dataOf(store, 'run/gone')).toEqual([])
    expect(await store.journal.heads({})).toMatchObject([{ stream: 'run/1', data: { a: 1 } }])
    expect(await store.leases.get('session/1')).toMatchObject({ owner: 'owner', token: 1 })
    const ref = await store.blobs.put(Buffer.from('blob'))
    expect(Buffer.from((await store.blobs.get(ref)) ?? [])).toEqual(Buffer.from('blob'))
    const scope = { kind: 'user', id: 'u' } as const
    expect(await store.memory?.list(scope)).toEqual({ records: [] })
    await store.memory?.set(scope, 'k', { value: 'some words' })
    expect(await store.memory?.search?.(scope, { text: 'words' })).toHaveLength(1)
    expect(versionOf()).toBe(3)
    await store.close()
  })

  test('is left as it is by an older version of the package', async () => {
    await open().journal.read('run/1')
    withRawDatabase(file, (db) => db.pragma('user_version = 4'))
    await expect(open().journal.read('run/1')).rejects.toMatchObject({ code: 'store/version' })
    expect(versionOf()).toBe(4)
  })
})
