import assert from 'node:assert/strict'
import { absentRef, bytesOf, textOf } from './blob-texts.ts'
import type { StoreCase } from './store-case.ts'
import { until } from './until.ts'

const hourMs = 3_600_000

/** What a sweep keeps, and blobs that outlive or leave their store. */
export const blobsSweepCases: readonly StoreCase[] = [
  {
    title: 'sweep: keeps what is live and removes the rest',
    run: async ({ store, place }) => {
      const live = await store.blobs.put(bytesOf('live'))
      const dead = await store.blobs.put(bytesOf('dead!'))
      let result = { removed: 0, bytes: 0 }
      await until('the sweep to remove what is not live', async () => {
        await place.advance?.(1)
        result = await store.blobs.sweep(new Set([live, absentRef]), 0)
        return result.removed > 0
      })
      assert.deepEqual(result, { removed: 1, bytes: 5 })
      assert.equal(await textOf(store, live), 'live')
      assert.equal(await store.blobs.get(dead), undefined)
    },
  },
  {
    title: 'sweep: takes any iterable of live refs',
    run: async ({ store, place }) => {
      const kept = await store.blobs.put(bytesOf('kept'))
      const dead = await store.blobs.put(bytesOf('dead'))
      const live = function* (): Generator<string> {
        yield kept
      }
      await until('the sweep to remove what is not live', async () => {
        await place.advance?.(1)
        return (await store.blobs.sweep(live(), 0)).removed > 0
      })
      assert.equal(await textOf(store, kept), 'kept')
      assert.equal(await store.blobs.get(dead), undefined)
    },
  },
  {
    title: 'sweep: keeps what was put within the grace',
    run: async ({ store }) => {
      const ref = await store.blobs.put(bytesOf('young'))
      assert.deepEqual(await store.blobs.sweep([], hourMs), { removed: 0, bytes: 0 })
      assert.equal(await textOf(store, ref), 'young')
    },
  },
  {
    title: 'sweep: removes what was put longer ago than the grace',
    run: async ({ store, advance }) => {
      const old = await store.blobs.put(bytesOf('old'))
      await advance(hourMs + 1)
      const young = await store.blobs.put(bytesOf('young'))
      assert.deepEqual(await store.blobs.sweep([], hourMs), { removed: 1, bytes: 3 })
      assert.equal(await store.blobs.get(old), undefined)
      assert.equal(await textOf(store, young), 'young')
    },
  },
  {
    title: 'sweep: keeps an old blob that was put again within the grace',
    run: async ({ store, place }) => {
      const graceMs = 400
      const touched = await store.blobs.put(bytesOf('touched'))
      const old = await store.blobs.put(bytesOf('old'))
      await until('the untouched blob to be swept', async () => {
        await place.advance?.(graceMs / 4)
        const start = performance.now()
        await store.blobs.put(bytesOf('touched'))
        await store.blobs.sweep([], graceMs)
        // A machine that stalls between put and sweep proves nothing; the next round does.
        const isInTime = performance.now() - start < graceMs / 2
        if (isInTime) assert.equal(await textOf(store, touched), 'touched')
        return (await store.blobs.get(old)) === undefined
      })
    },
  },
  {
    title: 'sweep: what was removed can be put again',
    run: async ({ store, place }) => {
      const ref = await store.blobs.put(bytesOf('back'))
      await until('the sweep to remove it', async () => {
        await place.advance?.(1)
        return (await store.blobs.sweep([], 0)).removed > 0
      })
      assert.equal(await store.blobs.put(bytesOf('back')), ref)
      assert.equal(await textOf(store, ref), 'back')
    },
  },
  {
    title: 'persistent: blobs outlive the store',
    needs: ['store.persistent'],
    run: async ({ store, reopen }) => {
      const ref = await store.blobs.put(bytesOf('durable'))
      assert.equal(await textOf(await reopen(), ref), 'durable')
    },
  },
  {
    title: 'multi-process: a blob that one store put is read by the other',
    needs: ['store.multi-process'],
    run: async ({ store, openBeside }) => {
      const second = await openBeside()
      const refs = await Promise.all([store, second].map((each) => each.blobs.put(bytesOf('shared'))))
      assert.equal(refs[0], refs[1])
      assert.equal(await textOf(second, refs[0] ?? ''), 'shared')
      const own = await second.blobs.put(bytesOf('second'))
      assert.equal(await textOf(store, own), 'second')
    },
  },
]
