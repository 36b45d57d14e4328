import BetterSqlite3 from 'better-sqlite3'

/** Runs `body` on a plain connection to a file, below the store. */
export function withRawDatabase<T>(file: string, body: (db: BetterSqlite3.Database) => T): T {
  const db = new BetterSqlite3(file, { timeout: 5_000 })
  try {
    return body(db)
  } finally {
    db.close()
  }
}
