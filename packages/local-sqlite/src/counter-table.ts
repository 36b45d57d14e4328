import { PortError, storeErrorCodes } from '@belay/core/ports'
import { recordSum } from './checksum.ts'
import type { Database } from './database/driver.ts'

/** Numbers that are given once and never again. */
export interface CounterTable {
  /** The next number, from 1. Inside a write transaction. */
  next(name: CounterName): number
}

/** What is counted. */
export type CounterName = 'stream' | 'token'

const names: readonly CounterName[] = ['stream', 'token']

/** Sets the counters of a new file to 0. A counter that is missing later is damage, never a fresh start. */
export function createCounters(db: Database): void {
  const insert = db.prepare('INSERT INTO counters VALUES (?, 0, ?)')
  for (const name of names) insert.run(name, recordSum(name, 0))
}

/** Prepares the statements. */
export function counterTable(db: Database): CounterTable {
  const select = db.prepare('SELECT value, sum FROM counters WHERE name = ?').raw()
  const update = db.prepare('UPDATE counters SET value = ?, sum = ? WHERE name = ?')
  return {
    next: (name) => {
      const row = select.get(name) as [number, number] | undefined
      if (row === undefined || recordSum(name, row[0]) !== row[1]) {
        throw new PortError({ code: storeErrorCodes.corrupt, message: `The counter "${name}" is damaged` })
      }
      const value = row[0] + 1
      update.run(value, recordSum(name, value), name)
      return value
    },
  }
}
