import { hash, webcrypto } from 'node:crypto'
import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Blobs, SweepResult } from '@belay/core/ports'
import type { StoreParts } from '../journal/sqlite-journal.ts'
import type { BlobCandidate } from './blob-table.ts'

const refForm = /^sha256:[0-9a-f]{64}$/

/** Above this the hash is computed off the event loop, where it would be felt. */
const maxInlineHashBytes = 262_144

/** A sweep looks at this many blobs at a time and removes few enough at once not to hold up writers. */
const sweepPage = 500
const maxRemovedAtOnce = 50
const maxRemovedBytes = 4 * 1_024 * 1_024

async function refOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.byteLength <= maxInlineHashBytes) return `sha256:${hash('sha256', bytes, 'hex')}`
  return `sha256:${Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex')}`
}

/** The blobs of a store, in the same file as its journal. */
export function sqliteBlobs({ connection, queue, life, settings }: StoreParts): Blobs {
  return {
    put: (bytes) =>
      life.track(async () => {
        if (!(bytes instanceof Uint8Array)) throw new TypeError('A blob is a Uint8Array')
        const copy = Uint8Array.from(bytes)
        const ref = await refOf(copy)
        await queue.write(({ blobs }) => {
          blobs.put(ref, copy, settings.clock())
        })
        return ref
      }),
    get: (ref) =>
      life.track(async () => {
        if (!refForm.test(ref)) throw new TypeError('A blob ref is sha256: and 64 lower-case hex digits')
        const bytes = await connection.read(({ blobs }) => blobs.get(ref))
        if (bytes === undefined) return undefined
        const copy = bytes instanceof Uint8Array ? Uint8Array.from(bytes) : undefined
        if (copy !== undefined && (await refOf(copy)) === ref) return copy
        throw new PortError({
          code: storeErrorCodes.corrupt,
          message: 'The bytes of a blob do not match its ref',
          meta: { ref },
        })
      }),
    sweep: (live, graceMs) =>
      life.track(() => {
        if (!Number.isFinite(graceMs)) throw new TypeError('The grace of a sweep is a number of milliseconds')
        return sweep({ connection, queue, life, settings }, new Set(live), settings.clock() - graceMs)
      }),
  }
}

async function sweep(parts: StoreParts, live: ReadonlySet<string>, touched: number): Promise<SweepResult> {
  let removed = 0
  let bytes = 0
  for (let after = 0; ;) {
    const page = await parts.connection.read(({ blobs }) => blobs.untouchedSince(touched, after, sweepPage))
    for (const portion of portionsOf(page.filter(({ ref }) => !live.has(ref)))) {
      const gone = await parts.queue.write(({ blobs }) =>
        portion.filter(({ id }) => blobs.remove(id, touched)),
      )
      removed += gone.length
      bytes += gone.reduce((sum, { size }) => sum + size, 0)
    }
    if (page.length < sweepPage) return { removed, bytes }
    after = page.at(-1)?.id ?? after
  }
}

function portionsOf(candidates: readonly BlobCandidate[]): readonly (readonly BlobCandidate[])[] {
  const portions: BlobCandidate[][] = []
  let size = Infinity
  for (const candidate of candidates) {
    const last = portions.at(-1)
    if (last === undefined || last.length >= maxRemovedAtOnce || size + candidate.size > maxRemovedBytes) {
      portions.push([candidate])
      size = candidate.size
    } else {
      last.push(candidate)
      size += candidate.size
    }
  }
  return portions
}
