import { createCounters } from '../counter-table.ts'
import type { Database } from './driver.ts'
import { raiseFirstSchema } from './first-schema.ts'

/**
 * The tables. A commit writes one row of `tail`, whatever streams it appends to.
 *
 * - `tail` has the newest entries in the order of their commits; they are moved to `chunks` many at a time.
 * - A row of `chunks` has several entries of one stream. Its id is the stream's id in the upper 32 bits and
 *   the position of its last entry in the lower 32: one tree that is ordered by stream and position. The
 *   end of a stream is found by a seek, so no row has to be updated beside it.
 * - The first entry that a batch wrote to a stream has the batch's id. `batches` is the index of these ids;
 *   the ids of batches that are only in `tail` are not in it yet.
 * - `streams` has its names in the table and in an index, which the check at open compares.
 * - Lease tokens come from one counter, so a lease that ended needs no row to keep its tokens growing.
 * - `memory` has the id of a row beside its key, for `memory_words`: the words of each record under the same id, with
 *   one word for its scope. Both its table and the index of its keys have each key, which the check at open compares.
 * - The bytes of a blob are apart from its touch, so that touching does not rewrite them.
 */

/** 'Bely' in ASCII: marks a file as ours. */
export const applicationId = 0x42_65_6c_79

const common: Readonly<Record<string, string>> = {
  counters:
    'CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID',
  streams: 'CREATE TABLE streams(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)',
  batches:
    'CREATE TABLE batches(id TEXT PRIMARY KEY, positions NOT NULL, open INTEGER NOT NULL, ' +
    'sum INTEGER NOT NULL) WITHOUT ROWID',
  heads:
    'CREATE TABLE heads(stream TEXT PRIMARY KEY, kind TEXT NOT NULL, grp TEXT NOT NULL, state TEXT NOT NULL, ' +
    'due_at INTEGER, lease_key TEXT, updated_at INTEGER NOT NULL, data TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID',
  heads_by_state: 'CREATE INDEX heads_by_state ON heads(state, kind, due_at)',
  heads_by_group: 'CREATE INDEX heads_by_group ON heads(grp, kind)',
  leases:
    'CREATE TABLE leases(key TEXT PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, ' +
    'expires_at INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID',
  blobs:
    'CREATE TABLE blobs(id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, touched INTEGER NOT NULL)',
  blob_bytes: 'CREATE TABLE blob_bytes(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)',
}

const firstOnly: Readonly<Record<string, string>> = {
  entries:
    'CREATE TABLE entries(id INTEGER PRIMARY KEY, type TEXT NOT NULL, at INTEGER NOT NULL, ' +
    'data TEXT NOT NULL, batch TEXT, sum INTEGER NOT NULL)',
  unindexed: 'CREATE TABLE unindexed(stream INTEGER PRIMARY KEY, after INTEGER NOT NULL)',
}

const secondOnly: Readonly<Record<string, string>> = {
  chunks:
    'CREATE TABLE chunks(id INTEGER PRIMARY KEY, head TEXT NOT NULL, data TEXT NOT NULL, sum INTEGER NOT NULL)',
  tail: 'CREATE TABLE tail(seq INTEGER PRIMARY KEY, head TEXT NOT NULL, data TEXT NOT NULL, sum INTEGER NOT NULL)',
}

const thirdOnly: Readonly<Record<string, string>> = {
  memory:
    'CREATE TABLE memory(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, ' +
    'data TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER, ' +
    'sum INTEGER NOT NULL, UNIQUE(kind, scope, key))',
  memory_by_expiry: 'CREATE INDEX memory_by_expiry ON memory(expires_at) WHERE expires_at IS NOT NULL',
  // Words come in lower case and without anything that separates; `ascii` leaves all others as they are.
  memory_words: "CREATE VIRTUAL TABLE memory_words USING fts5(scope, words, tokenize='ascii')",
}

/** The objects of the newest schema by name; opening compares them with what the file says. */
export const schemaObjects: Readonly<Record<string, string>> = { ...common, ...secondOnly, ...thirdOnly }

const make = (db: Database, objects: Readonly<Record<string, string>>): void => {
  for (const statement of Object.values(objects)) db.exec(statement)
}

/** One step of the schema. Applied steps are never changed; a new one is added at the end. */
export interface Migration {
  readonly version: number
  /** Inside a write transaction. */
  apply(db: Database): void
}

/** All steps in order. Opening applies those that the file lacks, in one transaction. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    apply: (db) => {
      make(db, { ...common, ...firstOnly })
      createCounters(db)
    },
  },
  {
    version: 2,
    apply: (db) => {
      make(db, secondOnly)
      raiseFirstSchema(db)
      for (const table of Object.keys(firstOnly)) db.exec(`DROP TABLE ${table}`)
    },
  },
  { version: 3, apply: (db) => make(db, thirdOnly) },
]

/** The schema that this package writes. */
export const newestSchema = migrations.at(-1)?.version ?? 0
