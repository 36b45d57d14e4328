import type { Database } from '../database/driver.ts'

/** What a sweep looks at. */
export interface BlobCandidate {
  readonly id: number
  readonly ref: string
  readonly size: number
}

/** Blobs by their ref. */
export interface BlobTable {
  /** Stores the bytes unless they are there, and touches them. */
  put(ref: string, bytes: Uint8Array, now: number): void
  /** The bytes; `null` when the row is there and the bytes are not. */
  get(ref: string): Uint8Array | null | undefined
  /** At most `limit` blobs after an id that were last touched at `touched` or earlier. */
  untouchedSince(touched: number, after: number, limit: number): readonly BlobCandidate[]
  /** Removes a blob unless it was touched after `touched`. Whether it was removed. */
  remove(id: number, touched: number): boolean
}

/** Prepares the statements. */
export function blobTable(db: Database): BlobTable {
  const touch = db.prepare('UPDATE blobs SET touched = ? WHERE ref = ?')
  const insert = db.prepare('INSERT INTO blobs(ref, size, touched) VALUES (?, ?, ?) RETURNING id').pluck()
  const insertBytes = db.prepare('INSERT INTO blob_bytes VALUES (?, ?)')
  const select = db
    .prepare('SELECT blob_bytes.bytes FROM blobs LEFT JOIN blob_bytes USING (id) WHERE blobs.ref = ?')
    .pluck()
  const candidates = db
    .prepare('SELECT id, ref, size FROM blobs WHERE touched <= ? AND id > ? ORDER BY id LIMIT ?')
    .raw()
  const erase = db.prepare('DELETE FROM blobs WHERE id = ? AND touched <= ?')
  const eraseBytes = db.prepare('DELETE FROM blob_bytes WHERE id = ?')
  return {
    put: (ref, bytes, now) => {
      if (touch.run(now, ref).changes > 0) return
      insertBytes.run(insert.get(ref, bytes.byteLength, now) as number, bytes)
    },
    get: (ref) => select.get(ref) as Uint8Array | null | undefined,
    untouchedSince: (touched, after, limit) =>
      (candidates.all(touched, after, limit) as [number, string, number][]).map(([id, ref, size]) => ({
        id,
        ref,
        size,
      })),
    remove: (id, touched) => {
      if (erase.run(id, touched).changes === 0) return false
      eraseBytes.run(id)
      return true
    },
  }
}
