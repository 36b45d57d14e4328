import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { isCodedError, PortError, storeErrorCodes } from '@belay/core/ports'
import type { PortErrorCode } from '@belay/core/ports'

const { corrupt, full, io, locked, readonly } = storeErrorCodes

/** The primary result codes of SQLite that say something about the file. */
const codes: readonly (readonly [string, PortErrorCode, string])[] = [
  ['SQLITE_BUSY', locked, 'Another process holds the database file'],
  ['SQLITE_LOCKED', locked, 'Another connection holds the database'],
  ['SQLITE_PROTOCOL', locked, 'The locks of the database file cannot be obtained'],
  ['SQLITE_FULL', full, 'No space is left for the database file'],
  // The file was replaced or removed under the connection; it is not that it cannot be written.
  ['SQLITE_READONLY_DBMOVED', io, 'The database file was moved or removed while it was open'],
  ['SQLITE_READONLY', readonly, 'The database file cannot be written'],
  ['SQLITE_PERM', readonly, 'The database file cannot be written'],
  ['SQLITE_CORRUPT', corrupt, 'The database file is damaged'],
  // A row is there already that nothing of the file announced.
  ['SQLITE_CONSTRAINT', corrupt, 'The database file is damaged'],
  ['SQLITE_NOTADB', corrupt, 'The file is not a database'],
  ['SQLITE_IOERR', io, 'Reading or writing the database file failed'],
  ['SQLITE_CANTOPEN', io, 'The database file cannot be opened'],
  ['SQLITE_NOLFS', io, 'The file system does not take files of this size'],
  ['SQLITE_NOMEM', io, 'SQLite ran out of memory'],
  ['SQLITE_SCHEMA', io, 'The database changed under the connection'],
  // The schema is ours and was compared at open: a statement that does not fit it means damage.
  ['SQLITE_ERROR', corrupt, 'The database does not have the tables of this store'],
]

function sqliteCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'SqliteError') return undefined
  return (error as { code?: unknown }).code as string | undefined
}

/** A full disk shows as an I/O error when SQLite cannot grow its shared memory. */
function isDiskFull(file: string): boolean {
  try {
    return statfsSync(dirname(file)).bavail === 0
  } catch {
    return false
  }
}

/** The named fault behind an error of the driver, or `undefined` when the error says nothing of the file. */
export function faultOf(error: unknown, file: string): PortError | undefined {
  if (isCodedError(error)) return error as PortError
  const sqliteCode = sqliteCodeOf(error)
  if (sqliteCode === undefined) return undefined
  const known = codes.find(([prefix]) => sqliteCode === prefix || sqliteCode.startsWith(`${prefix}_`))
  if (known === undefined) return undefined
  const isFull = known[1] === io && isDiskFull(file)
  const [code, text] = isFull ? [full, 'No space is left for the database file'] : [known[1], known[2]]
  const isRetryable = code === locked || code === full || code === io
  return new PortError({
    code,
    message: `${text}: ${file}`,
    retryable: isRetryable,
    meta: { sqliteCode },
    cause: error,
  })
}

/** Whether the lock is held by somebody else, so that trying again later may help. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCodeOf(error) ?? ''
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED') || code === 'SQLITE_PROTOCOL'
}

/** What the store says when a lock outlasted its patience. */
export function lockedFault(file: string, waitedMs: number, cause?: unknown): PortError {
  return new PortError({
    code: locked,
    message: `Another process held the database file for more than ${waitedMs} ms: ${file}`,
    retryable: true,
    meta: { waitedMs },
    cause,
  })
}
