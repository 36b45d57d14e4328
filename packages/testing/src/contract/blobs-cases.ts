import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { storeErrorCodes } from '@belay/core/ports'
import type { Store } from '@belay/core/ports'
import { skipCase } from './contract.ts'
import { refuses, refusesMisuse } from './refusals.ts'
import type { StoreCase } from './store-case.ts'
import { until } from './until.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const refOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const absentRef = `sha256:${'0'.repeat(64)}`
const hourMs = 3_600_000

async function textOf(store: Store, ref: string): Promise<string | undefined> {
  const bytes = await store.blobs.get(ref)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** Large values by the hash of their content. */
export const blobsCases: readonly StoreCase[] = [
  {
    title: 'put: gives the hash of the content, and get gives the content back',
    run: async ({ store }) => {
      const contents = [bytesOf('hello'), new Uint8Array(0), Uint8Array.from({ length: 256 }, (_, index) => index)]
      for (const bytes of contents) {
        const ref = await store.blobs.put(bytes)
        assert.equal(ref, refOf(bytes))
        const read = await store.blobs.get(ref)
        assert.ok(read instanceof Uint8Array)
        assert.deepEqual([...read], [...bytes])
      }
    },
  },
  {
    title: 'put: takes a view of a larger buffer as what the view shows',
    run: async ({ store }) => {
      const whole = bytesOf('before-inside-after')
      const ref = await store.blobs.put(whole.subarray(7, 13))
      assert.equal(ref, refOf(bytesOf('inside')))
      assert.equal(await textOf(store, ref), 'inside')
    },
  },
  {
    title: 'put: equal bytes give one ref and are stored once',
    run: async ({ store, place }) => {
      const refs = await Promise.all(Array.from({ length: 10 }, () => store.blobs.put(bytesOf('same'))))
      assert.deepEqual(new Set(refs), new Set([refOf(bytesOf('same'))]))
      let removed = { removed: 0, bytes: 0 }
      await until('the sweep to remove what was put', async () => {
        await place.advance?.(1)
        removed = await store.blobs.sweep([], 0)
        return removed.removed > 0
      })
      assert.deepEqual(removed, { removed: 1, bytes: 4 })
    },
  },
  {
    title: 'put: a blob of 8 MiB comes back equal',
    run: async ({ store }) => {
      const bytes = new Uint8Array(8 * 1_024 * 1_024).map((_, index) => (index * 31) % 251)
      const ref = await store.blobs.put(bytes)
      const read = await store.blobs.get(ref)
      assert.ok(read !== undefined && Buffer.compare(read, bytes) === 0)
    },
  },
  {
    title: 'put: changing the bytes after put or after get does not change what is stored',
    run: async ({ store }) => {
      const bytes = bytesOf('fixed')
      const ref = await store.blobs.put(bytes)
      bytes.fill(0)
      assert.equal(await textOf(store, ref), 'fixed')
      ;(await store.blobs.get(ref))?.fill(0)
      assert.equal(await textOf(store, ref), 'fixed')
    },
  },
  {
    title: 'get: gives undefined for a blob that is not there',
    run: async ({ store }) => {
      await store.blobs.put(bytesOf('other'))
      assert.equal(await store.blobs.get(absentRef), undefined)
    },
  },
  {
    title: 'get: a ref of another form is a TypeError',
    run: async ({ store }) => {
      const ref = await store.blobs.put(bytesOf('x'))
      const digits = ref.slice('sha256:'.length)
      for (const wrong of ['', digits, `sha1:${digits}`, `sha256:${digits.toUpperCase()}`, `${ref}0`, '../../etc/passwd']) {
        await refusesMisuse(() => store.blobs.get(wrong))
      }
    },
  },
  {
    title: 'get: bytes that were changed below the store are reported as corrupt',
    run: async ({ store, place }) => {
      if (place.damage?.blob === undefined) skipCase('the blobs of this place cannot be damaged')
      const ref = await store.blobs.put(bytesOf('precious'))
      const other = await store.blobs.put(bytesOf('fine'))
      await place.damage.blob(ref)
      await refuses(() => store.blobs.get(ref), storeErrorCodes.corrupt)
      assert.equal(await textOf(store, other), 'fine')
    },
  },
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
