import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { SqliteSynchronous } from '../store-options.ts'
import type { Database } from './driver.ts'
import { refuseForeign, requireKnownSchema } from './file-check.ts'
import { checkIntegrity, checkSchema } from './integrity-check.ts'
import { applicationId, migrations, newestSchema } from './schema.ts'

/** SQLite 3.7.0 to 3.51.2 can lose committed writes when two connections reset the write-ahead log. */
const oldestSqlite: readonly number[] = [3, 51, 3]

/** A write-ahead log that one large batch blew up is cut back to this when it starts over. */
const walLimitBytes = 16 * 1_024 * 1_024

/** Throws `store/version` when the SQLite below loses data. */
export function requireSupportedSqlite(version: string): void {
  const parts = version.split('.').map(Number)
  const difference =
    oldestSqlite.map((least, index) => (parts[index] ?? 0) - least).find((each) => each !== 0) ?? 0
  if (difference >= 0) return
  throw new PortError({
    code: storeErrorCodes.version,
    message: `SQLite ${version} can lose committed writes; ${oldestSqlite.join('.')} or later is needed`,
    meta: { sqlite: version, required: oldestSqlite.join('.') },
  })
}

const numberOf = (db: Database, pragma: string): number => Number(db.pragma(pragma, { simple: true }))

/** Whose database this is and which schema it has. Reads only. */
function schemaOf(db: Database, file: string): number {
  const owner = numberOf(db, 'application_id')
  const tables = Number(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get())
  if (owner === 0 && tables === 0) return 0
  if (owner !== applicationId) refuseForeign(file)
  const found = numberOf(db, 'user_version')
  requireKnownSchema(found, file)
  return found
}

/** Applies the missing steps in one transaction, so that a crash leaves the old schema or the new one. */
function migrate(db: Database, file: string): void {
  // One moment for all that is looked at: another process may be making the file just now.
  db.exec('BEGIN')
  const seen = schemaOf(db, file)
  db.exec('COMMIT')
  if (seen === newestSchema) return
  db.exec('BEGIN IMMEDIATE')
  // Another process may have done it between the look and the lock.
  const found = schemaOf(db, file)
  for (const migration of migrations) if (migration.version > found) migration.apply(db)
  db.pragma(`application_id = ${applicationId}`)
  db.pragma(`user_version = ${newestSchema}`)
  db.exec('COMMIT')
}

/**
 * Makes a connection ready: settings, ownership, schema, checks. Everything here is per connection and
 * runs at every open. Throws named faults and the driver's errors; the caller closes the connection then.
 */
export function prepareDatabase(db: Database, file: string, synchronous: SqliteSynchronous): void {
  requireSupportedSqlite(String(db.prepare('SELECT sqlite_version()').pluck().get()))
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  // FULL syncs the log at every commit. The driver opens an existing log with NORMAL, which syncs at
  // checkpoints only: commits that were acknowledged vanish with the power. It is set every time, because
  // the setting belongs to the connection and not to the file.
  db.pragma(`synchronous = ${synchronous}`)
  migrate(db, file)
  // The schema is made before the switch, so that the header of the file itself says whose it is.
  if (db.pragma('journal_mode = WAL', { simple: true }) !== 'wal') {
    throw new PortError({
      code: storeErrorCodes.io,
      message: `The file system does not offer the shared memory that a write-ahead log needs: ${file}`,
    })
  }
  // 1,000 pages: a checkpoint copies each changed page once, some milliseconds, every few hundred commits.
  db.pragma('wal_autocheckpoint = 1000')
  db.pragma(`journal_size_limit = ${walLimitBytes}`)
  checkSchema(db, file)
  checkIntegrity(db, file)
}
