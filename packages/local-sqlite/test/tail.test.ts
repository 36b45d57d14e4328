import type { Batch, Json, Store } from '@belay/core/ports'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { batchOf, dataOf } from './support/journal-batches.ts'
import { withRawDatabase } from './support/raw-database.ts'
import { runSeed, seeded } from './support/seeded.ts'
import { tempFolder } from './support/temp-folder.ts'
import type { TempFolder } from './support/temp-folder.ts'

let folder: TempFolder
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => {
  folder.remove()
})

const open = (): Store => sqliteStore({ file: folder.file() })

const numberOf = (sql: string): number =>
  withRawDatabase(folder.file(), (db) => Number(db.prepare(sql).pluck().get()))

test('entries of 50 streams leave the tail in slices, and all of them stay readable', async () => {
  const store = open()
  const runs = Array.from({ length: 50 }, (_, run) => `run/${run}`)
  let ids = 0
  let step = 0
  for (; step < 60; step += 1) {
    await Promise.all(runs.map((run) => store.journal.append(batchOf(run, [step]))))
    const now = numberOf('SELECT count(*) FROM batches')
    // A commit carries what it adds a few times over and no more, however full the tail is.
    expect(now - ids).toBeLessThanOrEqual(256 + 3 * 50 + 50)
    ids = now
  }
  expect(numberOf('SELECT count(*) FROM chunks')).toBeGreaterThan(50)
  expect(numberOf('SELECT count(*) FROM tail')).toBeLessThan(30)
  const expected = Array.from({ length: step }, (_, index) => index)
  for (const run of runs) expect(await dataOf(store, run)).toEqual(expected)
  for (const after of [0, 1, 15, 16, 17, step - 2, step - 1, step, step + 1]) {
    const entries = await store.journal.read('run/7', { after, limit: 5 })
    expect(entries.map(({ position }) => position)).toEqual(
      expected.slice(after, after + 5).map((index) => index + 1),
    )
  }
  await store.close()
})

test('two stores that take turns go on with the moves of each other', async () => {
  const stores = [open(), open()]
  const runs = Array.from({ length: 50 }, (_, run) => `run/${run}`)
  const batches: Batch[] = []
  for (let step = 0; step < 50; step += 1) {
    const group = runs.map((run) => batchOf(run, [step]))
    batches.push(...group)
    await Promise.all(group.map(async (batch) => stores[step % 2]?.journal.append(batch)))
  }
  for (const store of stores) {
    for (const run of runs) {
      expect(await dataOf(store, run)).toEqual(Array.from({ length: 50 }, (_, index) => index))
    }
    const again = await Promise.all(batches.map((batch) => store.journal.append(batch)))
    expect(again.map(({ positions }) => Object.values(positions))).toEqual(
      batches.map((_, index) => [Math.floor(index / runs.length) + 1]),
    )
    await store.close()
  }
})

test('a store that was idle while another one wrote and moved far more than the tail holds catches up', async () => {
  const [idle, busy] = [open(), open()]
  await idle.journal.append(batchOf('idle', [1]))
  for (let count = 0; count < 400; count += 1) await busy.journal.append(batchOf('s', [count]))
  expect(await idle.journal.read('s', { after: 398 })).toMatchObject([{ data: 398 }, { data: 399 }])
  expect(await idle.journal.append(batchOf('idle', [2]))).toEqual({ positions: { idle: 2 } })
  expect(await idle.journal.append(batchOf('s', [400]))).toEqual({ positions: { s: 401 } })
  expect(await dataOf(busy, 's')).toEqual(Array.from({ length: 401 }, (_, index) => index))
  expect(await dataOf(busy, 'idle')).toEqual([1, 2])
  await idle.close()
  await busy.close()
})

test('a large batch is written once, behind what is in the tail', async () => {
  const store = open()
  await store.journal.append(batchOf('s', ['small']))
  const large = batchOf('s', ['x'.repeat(20_000), 'second'])
  expect(await store.journal.append(large)).toEqual({ positions: { s: 3 } })
  expect(numberOf('SELECT max(length(data)) FROM tail')).toBeLessThan(1_000)
  await store.journal.append(batchOf('s', ['after']))
  const other = open()
  expect(await dataOf(other, 's')).toEqual(['small', 'x'.repeat(20_000), 'second', 'after'])
  expect(await other.journal.append(large)).toEqual({ positions: { s: 3 } })
  await other.close()
  await store.close()
})

test('a byte that changed in a text of the tail is reported with its entry, and with no other', async () => {
  const store = open()
  await Promise.all(['aaaa', 'bbbb', 'cccc'].map((text) => store.journal.append(batchOf('s', [text]))))
  await store.close()
  withRawDatabase(folder.file(), (db) => db.exec("UPDATE tail SET data = replace(data, 'bbbb', 'bbxb')"))
  const reopened = open()
  await expect(reopened.journal.read('s')).rejects.toMatchObject({
    code: 'store/corrupt',
    meta: { stream: 's', position: 2 },
  })
  expect((await reopened.journal.read('s', { after: 2 })).map(({ data }) => data)).toEqual(['cccc'])
  await reopened.close()
})

test.each([
  ['a head that changed', "UPDATE tail SET head = replace(head, 'step', 'stop') WHERE seq = 2"],
  ['a row under another key', 'UPDATE tail SET seq = 4 WHERE seq = 3'],
  ['a row that is missing', 'DELETE FROM tail WHERE seq = 2'],
  ['a first row that is missing', 'DELETE FROM tail WHERE seq = 1'],
])('%s in the tail is never read around and never written over', async (_, damage) => {
  const store = open()
  for (const text of ['a', 'b', 'c']) await store.journal.append(batchOf('s', [text]))
  await store.close()
  withRawDatabase(folder.file(), (db) => db.exec(damage))
  const rows = (): unknown => withRawDatabase(folder.file(), (db) => db.prepare('SELECT * FROM tail').all())
  const before = rows()
  const reopened = open()
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(reopened.journal.read('s')).rejects.toMatchObject({ code: 'store/corrupt' })
    await expect(reopened.journal.append(batchOf('t', ['d']))).rejects.toMatchObject({
      code: 'store/corrupt',
    })
  }
  expect(await reopened.leases.get('k')).toBeUndefined()
  await reopened.close()
  expect(rows()).toEqual(before)
})

/** What the streams have to hold, and what each batch has to answer as long as a stream of it lives. */
interface Model {
  readonly streams: Map<string, Json[]>
  readonly applied: { readonly batch: Batch; readonly positions: Readonly<Record<string, number>> }[]
}

function appendTo({ streams, applied }: Model, batch: Batch): Readonly<Record<string, number>> {
  const positions: Record<string, number> = {}
  for (const { stream, entries } of batch.entries ?? []) {
    const data = streams.get(stream) ?? []
    data.push(...entries.map((entry) => entry.data))
    streams.set(stream, data)
    positions[stream] = data.length
  }
  applied.push({ batch, positions })
  return positions
}

test(
  'two connections that write, drop, repeat and reopen in turn agree with a plain model',
  { timeout: 120_000 },
  async () => {
    const seed = runSeed()
    const random = seeded(seed)
    const below = (count: number): number => Math.floor(random() * count)
    const model: Model = { streams: new Map(), applied: [] }
    const stores = [open(), open()]
    for (let turn = 0; turn < 3_000; turn += 1) {
      const index = random() < 0.9 ? (turn >> 5) % 2 : below(2)
      const store = stores[index] ?? open()
      const stream = `s${below(6)}`
      const choice = random()
      const label = `seed ${seed}, turn ${turn}`
      if (choice < 0.7) {
        const size = random() < 0.02 ? 30_000 : below(200)
        const batch = batchOf(
          stream,
          Array.from({ length: 1 + below(3) }, () => `${turn} ${'x'.repeat(size)}`),
        )
        const second = { stream: 't', entries: [{ type: 'a.b', at: 1, data: turn }] }
        const whole = random() < 0.1 ? { ...batch, entries: [...(batch.entries ?? []), second] } : batch
        expect((await store.journal.append(whole)).positions, label).toEqual(appendTo(model, whole))
      } else if (choice < 0.72) {
        await store.journal.append({ id: `drop ${turn}`, drop: [stream] })
        model.streams.delete(stream)
        const lives = ({ entries = [] }: Batch): boolean =>
          entries.some((part) => model.streams.has(part.stream))
        model.applied.splice(0, Infinity, ...model.applied.filter(({ batch }) => lives(batch)))
        // A stream that begins anew would make the model remember a batch of its former life.
        for (const each of model.applied.splice(0)) {
          if (each.batch.entries?.every((part) => part.stream !== stream) === true) model.applied.push(each)
        }
      } else if (choice < 0.8) {
        const known = model.applied[model.applied.length - 1 - below(Math.min(300, model.applied.length))]
        if (known !== undefined) {
          expect((await store.journal.append(known.batch)).positions, label).toEqual(known.positions)
        }
      } else if (choice < 0.81) {
        await store.close()
        stores[index] = open()
      } else {
        const expected = model.streams.get(stream) ?? []
        const after = below(expected.length + 2)
        const entries = await store.journal.read(stream, { after, limit: 1 + below(40) })
        expect(
          entries.map(({ data }) => data),
          label,
        ).toEqual(expected.slice(after, after + entries.length))
      }
    }
    for (const store of stores) {
      for (const [stream, data] of model.streams)
        expect(await dataOf(store, stream), `seed ${seed}`).toEqual(data)
      await store.close()
    }
    expect(withRawDatabase(folder.file(), (db) => db.pragma('integrity_check', { simple: true }))).toBe('ok')
  },
)
