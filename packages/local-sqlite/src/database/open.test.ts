import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import type { TempFolder } from '../../test/support/temp-folder.ts'
import type { Database } from './driver.ts'
import { prepareDatabase } from './open.ts'

let folder: TempFolder
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => {
  folder.remove()
})

const connect = (): Database => new BetterSqlite3(folder.file(), { timeout: 0 }) as unknown as Database

/** Calls `between` after the first `count` looks of an opening connection at the file. */
function interrupted(db: Database, count: number, between: () => void): Database {
  let looks = 0
  const look = <T>(value: T): T => {
    looks += 1
    if (looks === count) between()
    return value
  }
  return {
    get inTransaction() {
      return db.inTransaction
    },
    prepare: (sql) => look(db.prepare(sql)),
    exec: (sql) => look(db.exec(sql)),
    pragma: (text, options) => look(db.pragma(text, options)),
    close: () => db.close(),
  }
}

test('a file that somebody else makes meanwhile is never taken for a foreign one', () => {
  for (let count = 1; count <= 14; count += 1) {
    const [db, other] = [connect(), connect()]
    const between = (): void => {
      try {
        prepareDatabase(other, folder.file(), 'full')
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^SQLITE_BUSY/) as unknown })
      }
      other.close()
    }
    try {
      prepareDatabase(interrupted(db, count, between), folder.file(), 'full')
    } catch (error) {
      // A lock is waited for and the whole opening is done again; anything else would be a refusal.
      expect(error, `after ${count} looks`).toMatchObject({
        code: expect.stringMatching(/^SQLITE_BUSY/) as unknown,
      })
    }
    db.close()
    folder.remove()
    folder = tempFolder()
  }
})
