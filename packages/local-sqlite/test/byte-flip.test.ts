import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { isCodedError } from '@belay/core/ports'
import type { Head, MemoryScope, Store } from '@belay/core/ports'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { batchOf } from './support/journal-batches.ts'
import { runSeed, seeded } from './support/seeded.ts'
import { tempFolder } from './support/temp-folder.ts'
import type { TempFolder } from './support/temp-folder.ts'

const flips = Number(process.env['BELAY_FLIPS'] ?? 400)
const streams = ['run/1', 'run/2', 'session/1']
const now = 1_700_000_000_000

let folder: TempFolder
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => {
  folder.remove()
})

const headOf = (stream: string): Head => ({
  stream,
  kind: 'run',
  group: 'session/1',
  state: 'open',
  dueAt: now,
  leaseKey: stream,
  updatedAt: now,
  data: { stream },
})

const scopeOf = (stream: string): MemoryScope => ({ kind: 'session', id: stream })

async function fill(store: Store): Promise<readonly string[]> {
  const refs = []
  for (const stream of streams) {
    // Enough that the older entries are moved out of the tail and the newer ones are not.
    for (let step = 0; step < 60; step += 1)
      await store.journal.append(batchOf(stream, [{ step, text: 'x'.repeat(200) }]))
    await store.journal.append(batchOf(stream, ['last'], { heads: [headOf(stream)] }))
    await store.leases.acquire(stream, `owner of ${stream}`, 1_000_000)
    refs.push(await store.blobs.put(Buffer.from(stream.repeat(1_000))))
    for (let key = 0; key < 20; key += 1)
      await store.memory?.set(scopeOf(stream), `k${key}`, {
        value: { key, text: 'words '.repeat(20) },
        ttlMs: 1e9,
      })
  }
  return refs
}

/** Everything that can be read, each by itself: its text, or the code of the error that it ends with. */
async function readAll(store: Store, refs: readonly string[]): Promise<readonly string[]> {
  const calls: readonly (() => Promise<unknown>)[] = [
    ...streams.map((stream) => () => store.journal.read(stream)),
    ...streams.map((stream) => () => store.leases.get(stream)),
    ...refs.map((ref) => async () => Buffer.from((await store.blobs.get(ref)) ?? []).toString('hex')),
    ...streams.map((stream) => async () => store.memory?.get(scopeOf(stream), 'k7')),
    ...streams.map((stream) => async () => store.memory?.list(scopeOf(stream))),
    ...streams.map((stream) => async () => {
      const found = await store.memory?.search?.(scopeOf(stream), { text: 'words', limit: 100 })
      return found?.map(({ record }) => record).toSorted((left, right) => (left.key < right.key ? -1 : 1))
    }),
    () => store.journal.heads({}),
    () => store.journal.heads({ streams }),
    () => store.journal.heads({ group: 'session/1' }),
    () => store.journal.heads({ states: ['open'], dueBefore: now }),
  ]
  const results: string[] = []
  for (const call of calls) {
    results.push(
      await call().then(
        (value) => JSON.stringify(value) ?? 'undefined',
        (error: unknown) =>
          isCodedError(error) && error.code.startsWith('store/') ? 'named' : String(error),
      ),
    )
  }
  return results
}

test(
  `after any of ${flips} byte flips every read is equal or a named error`,
  { timeout: 600_000 },
  async () => {
    const seed = runSeed()
    const random = seeded(seed)
    const file = folder.file()
    const clock = (): number => now
    const store = sqliteStore({ file, clock })
    const refs = await fill(store)
    const expected = await readAll(store, refs)
    await store.close()
    const bytes = readFileSync(file)
    const wrong: string[] = []
    let named = 0
    for (let flip = 0; flip < flips; flip += 1) {
      const damaged = Buffer.from(bytes)
      const offset = Math.floor(random() * damaged.length)
      const mask = 1 + Math.floor(random() * 255)
      damaged.writeUInt8(damaged.readUInt8(offset) ^ mask, offset)
      const copy = folder.file('copy.db')
      for (const suffix of ['', '-wal', '-shm']) writeFileSync(`${copy}${suffix}`, '')
      writeFileSync(copy, damaged)
      const subject = sqliteStore({ file: copy, clock })
      const results = await readAll(subject, refs)
      await subject.close()
      if (results.includes('named')) named += 1
      const isWrong = results.some((result, index) => result !== expected[index] && result !== 'named')
      if (isWrong) wrong.push(`offset ${offset} mask ${mask}`)
    }
    expect(wrong, `seed ${seed}`).toEqual([])
    expect(named, 'the flips hit what is read').toBeGreaterThan(0)
    copyFileSync(file, folder.file('untouched.db'))
    const untouched = sqliteStore({ file: folder.file('untouched.db'), clock })
    expect(await readAll(untouched, refs)).toEqual(expected)
    await untouched.close()
  },
)
