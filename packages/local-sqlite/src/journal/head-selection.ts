import type { HeadQuery } from '@belay/core/ports'
import type { Column } from '../database/driver.ts'

/** A statement and what is bound to it. */
export interface HeadSelection {
  readonly sql: string
  readonly values: readonly Column[]
}

const columns = 'stream, kind, grp, state, due_at, lease_key, updated_at, data, sum'
const defaultLimit = 1_000

/** A list of any length as one value, so that the statement stays the same. */
const inList = (column: string): string => `${column} IN (SELECT value FROM json_each(?))`

/**
 * The statement for a query. Texts with a lone surrogate are never stored, and the driver would bind them
 * as another text, so a condition on one matches nothing.
 */
export function headSelection(query: HeadQuery, now: number): HeadSelection {
  const conditions: string[] = []
  const values: Column[] = []
  const where = (condition: string, ...bound: Column[]): void => {
    conditions.push(condition)
    values.push(...bound)
  }
  const wellFormed = (texts: readonly string[]): string =>
    JSON.stringify(texts.filter((text) => text.isWellFormed()))
  const equals = (column: string, text: string): void => {
    where(text.isWellFormed() ? `${column} = ?` : `${column} = ? AND FALSE`, text)
  }

  if (query.streams !== undefined) where(inList('stream'), wellFormed(query.streams))
  if (query.kind !== undefined) equals('kind', query.kind)
  if (query.group !== undefined) equals('grp', query.group)
  if (query.states !== undefined) where(inList('state'), wellFormed(query.states))
  if (query.dueBefore !== undefined) where('due_at <= ?', query.dueBefore)
  if (query.updatedBefore !== undefined) where('updated_at < ?', query.updatedBefore)
  if (query.after !== undefined) where('stream > ?', query.after)
  if (query.unowned === true) {
    where(
      'NOT EXISTS (SELECT 1 FROM leases WHERE leases.key = heads.lease_key AND leases.expires_at > ?)',
      now,
    )
  }
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  return {
    sql: `SELECT ${columns} FROM heads${filter} ORDER BY stream LIMIT ?`,
    values: [...values, Math.max(0, query.limit ?? defaultLimit)],
  }
}
