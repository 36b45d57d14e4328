import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Database } from './driver.ts'
import { schemaObjects } from './schema.ts'

/**
 * Checksums find a row that changed; they cannot find a row that is gone because the page above it was
 * damaged. SQLite's own check of the trees finds that. It reads everything that it checks, about 2 ms per
 * 4 MB, so larger files get it for the tables alone whose rows are looked up by name.
 */
const wholeCheckBytes = 32 * 1_024 * 1_024

const tablesAlwaysChecked = ['streams', 'counters', 'leases', 'heads', 'blobs', 'tail', 'memory']

function damaged(file: string, finding: string): PortError {
  return new PortError({
    code: storeErrorCodes.corrupt,
    message: `The database file is damaged: ${file}`,
    meta: { finding },
  })
}

function findingOf(db: Database, check: string): string | undefined {
  const finding = String(db.pragma(check, { simple: true }))
  return finding === 'ok' ? undefined : finding
}

/** Throws `store/corrupt` when the trees of the file do not hold together. */
export function checkIntegrity(db: Database, file: string): void {
  const bytes =
    Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
  const checks =
    bytes <= wholeCheckBytes
      ? ['integrity_check(1)']
      : tablesAlwaysChecked.map((table) => `integrity_check(${table})`)
  for (const check of checks) {
    const finding = findingOf(db, check)
    if (finding !== undefined) throw damaged(file, finding)
  }
}

/** Throws `store/corrupt` when a table or an index is not the one that this package made. */
export function checkSchema(db: Database, file: string): void {
  const rows = db.prepare('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL').raw().all() as [
    string,
    string,
  ][]
  const found = new Map(rows)
  for (const [name, sql] of Object.entries(schemaObjects)) {
    if (found.get(name) !== sql) throw damaged(file, `the schema of ${name} is not the one of this store`)
  }
}
