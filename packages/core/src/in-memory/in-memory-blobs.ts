import { createHash } from 'node:crypto'
import type { Blobs } from '../ports/blobs.ts'
import { requireOpen } from './in-memory-state.ts'
import type { InMemoryState } from './in-memory-state.ts'

const refForm = /^sha256:[0-9a-f]{64}$/

/**
 * The blobs of an in-memory store. Bytes are copied in and out and nobody else can reach the copies, so
 * `get` has nothing to verify.
 */
export function inMemoryBlobs(state: InMemoryState): Blobs {
  return {
    put: async (bytes) => {
      requireOpen(state)
      const ref = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      const copy = state.blobs.get(ref)?.bytes ?? Uint8Array.from(bytes)
      state.blobs.set(ref, { bytes: copy, touchedAt: state.clock() })
      return ref
    },
    get: async (ref) => {
      requireOpen(state)
      if (!refForm.test(ref)) throw new TypeError('A blob ref is sha256: and 64 lower-case hex digits')
      const blob = state.blobs.get(ref)
      return blob === undefined ? undefined : Uint8Array.from(blob.bytes)
    },
    sweep: async (live, graceMs) => {
      requireOpen(state)
      const kept = new Set(live)
      const now = state.clock()
      let removed = 0
      let bytes = 0
      for (const [ref, blob] of state.blobs) {
        if (kept.has(ref) || now - blob.touchedAt < graceMs) continue
        state.blobs.delete(ref)
        removed += 1
        bytes += blob.bytes.byteLength
      }
      return { removed, bytes }
    },
  }
}
