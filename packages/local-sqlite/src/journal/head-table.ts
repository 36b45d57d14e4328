import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Head, HeadQuery, Json } from '@belay/core/ports'
import { recordSum } from '../checksum.ts'
import type { Column, Database, Statement } from '../database/driver.ts'
import type { PreparedHead } from './batch-input.ts'
import { headSelection } from './head-selection.ts'

/** One head per stream. */
export interface HeadTable {
  replace(head: PreparedHead): void
  remove(stream: string): void
  /** Heads that match, from one moment, each compared with its sum. `now` decides which leases live. */
  find(query: HeadQuery, now: number): readonly Head[]
}

type HeadRow = readonly [
  stream: string,
  kind: string,
  group: string,
  state: string,
  dueAt: number | null,
  leaseKey: string | null,
  updatedAt: number,
  data: string,
  sum: number,
]

function headOf(row: HeadRow): Head {
  const [stream, kind, group, state, dueAt, leaseKey, updatedAt, data, sum] = row
  const values = row.slice(0, -1) as Column[]
  const isIntact =
    values.every((value) => !(value instanceof Uint8Array)) && recordSum(...(values as [])) === sum
  if (!isIntact) {
    throw new PortError({
      code: storeErrorCodes.corrupt,
      message: 'A head does not match its checksum',
      meta: { stream },
    })
  }
  return {
    stream,
    kind,
    group,
    state,
    ...(dueAt === null ? {} : { dueAt }),
    ...(leaseKey === null ? {} : { leaseKey }),
    updatedAt,
    data: JSON.parse(data) as Json,
  }
}

/** Prepares the statements. */
export function headTable(db: Database): HeadTable {
  const upsert = db.prepare(
    'INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(stream) DO UPDATE SET kind = excluded.kind, ' +
      'grp = excluded.grp, state = excluded.state, due_at = excluded.due_at, lease_key = excluded.lease_key, ' +
      'updated_at = excluded.updated_at, data = excluded.data, sum = excluded.sum',
  )
  const erase = db.prepare('DELETE FROM heads WHERE stream = ?')
  // There are as many shapes of query as sets of conditions, a few of which are ever used.
  const statements = new Map<string, Statement>()
  const statementOf = (sql: string): Statement => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = db.prepare(sql).raw()
    statements.set(sql, statement)
    return statement
  }
  return {
    replace: ({ head, data }) => {
      const { stream, kind, group, state, dueAt = null, leaseKey = null, updatedAt } = head
      const values = [stream, kind, group, state, dueAt, leaseKey, updatedAt, data] as const
      upsert.run(...values, recordSum(...values))
    },
    remove: (stream) => {
      erase.run(stream)
    },
    find: (query, now) => {
      const { sql, values } = headSelection(query, now)
      return (statementOf(sql).all(...values) as HeadRow[]).map(headOf)
    },
  }
}
