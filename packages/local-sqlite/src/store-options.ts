import { isAbsolute, resolve } from 'node:path'

/** How much SQLite syncs: `full` survives the loss of power, `normal` only the death of the process. */
export type SqliteSynchronous = 'full' | 'normal'

/** What `sqliteStore` takes. */
export interface SqliteStoreOptions {
  /** Path of the database file. Its folder must exist; the file is made at the first use. */
  readonly file: string
  /** Default `full`. With `normal` the newest commits may vanish when the machine loses power. */
  readonly synchronous?: SqliteSynchronous
  /** Milliseconds that a call waits for another process that holds the file, then `store/locked`. Default 10,000. */
  readonly busyTimeoutMs?: number
  /** Milliseconds since the epoch: the clock of leases and blob touches. Default `Date.now`. */
  readonly clock?: () => number
}

/** The options with every default filled in. */
export interface StoreSettings {
  /** Absolute. */
  readonly file: string
  readonly synchronous: SqliteSynchronous
  readonly busyTimeoutMs: number
  readonly clock: () => number
}

const defaultBusyTimeoutMs = 10_000

function requireFile(file: string): string {
  if (typeof file !== 'string' || file === '') throw new TypeError('sqliteStore needs the path of a file')
  if (file.includes('\0')) throw new TypeError('The path of a store must not hold a NUL character')
  if (file === ':memory:')
    throw new TypeError('sqliteStore keeps a file; core has a store that lives in memory')
  const path = isAbsolute(file) ? file : resolve(file)
  // The driver trims file names, so this path would silently be another file.
  if (path !== path.trim()) throw new TypeError('The path of a store must not end with white space')
  return path
}

/** Checks the options and fills in the defaults. Throws `TypeError`; touches no file. */
export function settingsOf(options: SqliteStoreOptions): StoreSettings {
  const { synchronous = 'full', busyTimeoutMs = defaultBusyTimeoutMs, clock = Date.now } = options
  if (synchronous !== 'full' && synchronous !== 'normal') {
    throw new TypeError("The option synchronous is 'full' or 'normal'")
  }
  if (!Number.isFinite(busyTimeoutMs) || busyTimeoutMs < 0) {
    throw new TypeError('The option busyTimeoutMs is a number of milliseconds, 0 or more')
  }
  if (typeof clock !== 'function') throw new TypeError('The option clock is a function')
  return { file: requireFile(options.file), synchronous, busyTimeoutMs, clock }
}
