import { createInterface } from 'node:readline'
import BetterSqlite3 from 'better-sqlite3'

/** Holds the write lock (`IMMEDIATE`) or the whole file (`EXCLUSIVE`) from `held` until a line comes in. */
const [file = '', mode = 'IMMEDIATE'] = process.argv.slice(2)
const db = new BetterSqlite3(file)
if (mode === 'EXCLUSIVE') db.pragma('locking_mode = EXCLUSIVE')
db.exec('BEGIN IMMEDIATE')
db.exec('CREATE TABLE held(x)')
process.stdout.write('held\n')
createInterface({ input: process.stdin }).once('line', () => {
  db.exec('ROLLBACK')
  db.close()
  process.stdout.write('released\n')
  process.exit(0)
})
