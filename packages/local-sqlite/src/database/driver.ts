/**
 * better-sqlite3, described by the part that is used. The native module is loaded at the first use of a
 * store, so that importing this package costs nothing and an old Node is refused before it crashes.
 */

/** A value that a column can hold. */
export type Column = string | number | Uint8Array | null

/** A prepared statement. */
export interface Statement {
  run(...values: readonly Column[]): { readonly changes: number }
  get(...values: readonly Column[]): unknown
  all(...values: readonly Column[]): unknown[]
  /** Rows as they are asked for; no other statement may write before the end. */
  iterate(...values: readonly Column[]): Iterable<unknown>
  /** Rows become arrays. */
  raw(): Statement
  /** Rows become their first column. */
  pluck(): Statement
}

/** An open connection. */
export interface Database {
  readonly inTransaction: boolean
  prepare(sql: string): Statement
  exec(sql: string): unknown
  pragma(text: string, options?: { readonly simple?: boolean }): unknown
  close(): unknown
}

/** Opens a connection. */
export type OpenDriver = (file: string, options: { readonly timeout: number }) => Database

/** Loads the native module. */
export async function loadDriver(): Promise<OpenDriver> {
  const { default: BetterSqlite3 } = await import('better-sqlite3')
  return (file, options) => new BetterSqlite3(file, options) as unknown as Database
}
