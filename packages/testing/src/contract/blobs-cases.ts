import assert from 'node:assert/strict'
import { storeErrorCodes } from '@belay/core/ports'
import { absentRef, bytesOf, refOf, textOf } from './blob-texts.ts'
import { skipCase } from './contract.ts'
import { refuses, refusesMisuse } from './refusals.ts'
import type { StoreCase } from './store-case.ts'
import { until } from './until.ts'

/** Large values by the hash of their content. */
export const blobsCases: readonly StoreCase[] = [
  {
    title: 'put: gives the hash of the content, and get gives the content back',
    run: async ({ store }) => {
      const contents = [
        bytesOf('hello'),
        new Uint8Array(0),
        Uint8Array.from({ length: 256 }, (_, index) => index),
      ]
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
      for (const wrong of [
        '',
        digits,
        `sha1:${digits}`,
        `sha256:${digits.toUpperCase()}`,
        `${ref}0`,
        '../../etc/passwd',
      ]) {
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
]
