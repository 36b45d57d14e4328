import { isCodedError, storeErrorCodes } from '@belay/core/ports'
import { brokenStore } from './broken-store.ts'
import type { BrokenStore } from './broken-store.ts'

const contract = 'blobs' as const

/** Blobs that are lost, mixed up or changed. */
export const brokenBlobs: readonly BrokenStore[] = [
  brokenStore(
    {
      name: 'stores equal bytes twice',
      contract,
      rejectedBy: [
        'put: equal bytes give one ref and are stored once',
        'put: gives the hash of the content, and get gives the content back',
      ],
    },
    ({ blobs }) => {
      let count = 0
      return {
        blobs: {
          put: (bytes) => {
            count += 1
            return blobs.put(Uint8Array.from([...bytes, count]))
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'stores the whole buffer behind a view',
      contract,
      rejectedBy: ['put: takes a view of a larger buffer as what the view shows'],
    },
    ({ blobs }) => ({ blobs: { put: (bytes) => blobs.put(new Uint8Array(bytes.buffer)) } }),
  ),
  brokenStore(
    {
      name: 'hands out the bytes that it keeps',
      contract,
      rejectedBy: ['put: changing the bytes after put or after get does not change what is stored'],
    },
    ({ blobs }) => {
      const kept = new Map<string, Uint8Array>()
      return {
        blobs: {
          put: async (bytes) => {
            const ref = await blobs.put(bytes)
            kept.set(ref, bytes)
            return ref
          },
          get: async (ref) => kept.get(ref) ?? blobs.get(ref),
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'does not verify what it reads',
      contract,
      rejectedBy: ['get: bytes that were changed below the store are reported as corrupt'],
    },
    ({ blobs }) => ({
      blobs: {
        get: async (ref) => {
          try {
            return await blobs.get(ref)
          } catch (error) {
            if (!isCodedError(error, storeErrorCodes.corrupt)) throw error
            return new Uint8Array([0])
          }
        },
      },
    }),
  ),
  brokenStore(
    { name: 'takes any text for a ref', contract, rejectedBy: ['get: a ref of another form is a TypeError'] },
    ({ blobs }) => ({ blobs: { get: (ref) => blobs.get(ref).catch(() => undefined) } }),
  ),
  brokenStore(
    {
      name: 'does not refresh the touch of a blob that is there',
      contract,
      rejectedBy: ['sweep: keeps an old blob that was put again within the grace'],
    },
    ({ blobs }) => {
      const known = new Set<string>()
      return {
        blobs: {
          put: async (bytes) => {
            const text = Buffer.from(bytes).toString('base64')
            const ref = [...known].find((each) => each.startsWith(`${text} `))?.slice(text.length + 1)
            if (ref !== undefined) return ref
            const put = await blobs.put(bytes)
            known.add(`${text} ${put}`)
            return put
          },
        },
      }
    },
  ),
  brokenStore(
    { name: 'sweeps without a grace', contract, rejectedBy: ['sweep: keeps what was put within the grace'] },
    ({ blobs }) => ({ blobs: { sweep: (live) => blobs.sweep(live, 0) } }),
  ),
  brokenStore(
    { name: 'sweeps what is live', contract, rejectedBy: ['sweep: keeps what is live and removes the rest'] },
    ({ blobs }) => ({ blobs: { sweep: (_live, graceMs) => blobs.sweep([], graceMs) } }),
  ),
  brokenStore(
    {
      name: 'sweeps nothing',
      contract,
      rejectedBy: ['sweep: removes what was put longer ago than the grace'],
    },
    () => ({ blobs: { sweep: async () => ({ removed: 0, bytes: 0 }) } }),
  ),
]
