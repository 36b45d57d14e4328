import assert from 'node:assert/strict'
import { test } from 'vitest'
import { batchOf, dataOf } from '../src/contract/journal-writing.ts'
import { turn } from '../src/contract/until.ts'
import { faultyStore, ioError } from '../src/faults/faulty-store.ts'
import { inMemoryPlace } from './in-memory-place.ts'

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const settle = (): void => {
    settled = true
  }
  promise.then(settle, settle)
  for (let turns = 0; turns < 5; turns += 1) await turn()
  return !settled
}

const inMemoryStore = async () => (await inMemoryPlace()).open()

test('without faults it is the store below', async () => {
  const below = await inMemoryStore()
  const store = faultyStore(below)
  await store.journal.append(batchOf('s', ['a']))
  assert.deepEqual(await dataOf(below.journal, 's'), ['a'])
  assert.equal(store.calls(), 1)
  assert.deepEqual(store.info, below.info)
})

test('a call fails before or after it took effect', async () => {
  for (const side of ['before', 'after'] as const) {
    const below = await inMemoryStore()
    const error = ioError()
    const store = faultyStore(below, [{ at: 2, side, effect: { fail: error } }])
    await store.journal.append(batchOf('s', ['a']))
    await assert.rejects(store.journal.append(batchOf('s', ['b'])), (thrown) => thrown === error)
    assert.deepEqual(await dataOf(below.journal, 's'), side === 'before' ? ['a'] : ['a', 'b'])
    await store.journal.append(batchOf('s', ['c']))
  }
})

test('calls are chosen by method', async () => {
  const store = faultyStore(await inMemoryStore(), [
    { at: ({ method }) => method === 'blobs.put', effect: { fail: ioError() } },
  ])
  await store.journal.append(batchOf('s', ['a']))
  await assert.rejects(store.blobs.put(new Uint8Array([1])), { code: 'store/io' })
})

test('a call waits as long as it is told to', async () => {
  const gate = Promise.withResolvers<void>()
  const below = await inMemoryStore()
  const store = faultyStore(below, [{ at: 1, effect: { delay: () => gate.promise } }])
  const append = store.journal.append(batchOf('s', ['a']))
  assert.ok(await isPending(append))
  assert.deepEqual(await dataOf(below.journal, 's'), [])
  gate.resolve()
  assert.equal((await append).positions['s'], 1)
})

test('a dead store never settles a call, and what was under way may still take effect', async () => {
  for (const side of ['before', 'after'] as const) {
    const below = await inMemoryStore()
    let deaths = 0
    const store = faultyStore(below, [{ at: 2, side, effect: 'die' }], () => (deaths += 1))
    const first = store.journal.append(batchOf('s', ['a']))
    const second = store.journal.append(batchOf('s', ['b']))
    const later = store.journal.read('s')
    await store.death
    await store.settled()
    const calls = [second, later, store.journal.read('s'), store.leases.get('k'), store.close()]
    for (const call of calls) assert.ok(await isPending(call))
    assert.equal(deaths, 1)
    assert.ok(store.isDead())
    const data = await dataOf(below.journal, 's')
    assert.deepEqual(data, side === 'before' ? data.filter((each) => each === 'a') : ['a', 'b'])
    first.catch(() => {})
  }
})
