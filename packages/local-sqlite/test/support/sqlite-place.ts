import { sqliteStore } from '../../src/index.ts'
import type { Store } from '@belay/core/ports'
import { storeOpener } from '@belay/testing'
import type { StoreDamage, StorePlace, StorePlaceFactory } from '@belay/testing'
import type { Database } from '../../src/database/driver.ts'
import { tablesOf } from '../../src/tables.ts'
import { withRawDatabase } from './raw-database.ts'
import { tempFolder } from './temp-folder.ts'

/** Opens the store of the file that its argument names and serves it to its parent. */
export const storeServer = new URL('./store-server.ts', import.meta.url)

/** Moves the entries of a stream to where the older ones are, and gives the stream's number. */
export function moveOutOfTail(db: Database, stream: string): number {
  const { entries, streams, transaction } = tablesOf(db)
  transaction.begin()
  const { id } = streams.get(stream) ?? streams.create(stream)
  entries.settle(id)
  transaction.commit()
  return id
}

function damageOf(file: string): StoreDamage {
  return {
    entry: async (stream, position) => {
      withRawDatabase(file, (db) => {
        // A store that wrote the entry itself has it in memory while it is in the tail.
        const id = moveOutOfTail(db as unknown as Database, stream)
        db.prepare(
          "UPDATE chunks SET data = replace(data, 'b', 'x') WHERE id = " +
            '(SELECT min(id) FROM chunks WHERE id >= (? << 32) + ?)',
        ).run(id, position)
      })
    },
    memory: async ({ kind, id }, key) => {
      withRawDatabase(file, (db) =>
        db
          .prepare(
            "UPDATE memory SET data = replace(data, 'b', 'x') WHERE kind = ? AND scope = ? AND key = ?",
          )
          .run(kind, id, key),
      )
    },
    blob: async (ref) => {
      withRawDatabase(file, (db) =>
        db
          .prepare("UPDATE blob_bytes SET bytes = X'00' WHERE id = (SELECT id FROM blobs WHERE ref = ?)")
          .run(ref),
      )
    },
  }
}

/** Fresh files under a clock that the cases move; stores beside the first are in this process. */
export const filePlaces: StorePlaceFactory = async () => {
  const folder = tempFolder()
  let now = 1_700_000_000_000
  return {
    open: async () => sqliteStore({ file: folder.file(), clock: () => now }),
    advance: (ms) => {
      now += ms
    },
    damage: damageOf(folder.file()),
    close: async () => {
      folder.remove()
    },
  }
}

const elsewhere = storeOpener(storeServer)

/** Fresh files under the real clock; stores beside the first are in another process. */
export const sharedPlaces: StorePlaceFactory = async (): Promise<StorePlace> => {
  const folder = tempFolder()
  const others: Store[] = []
  return {
    open: async () => sqliteStore({ file: folder.file() }),
    openElsewhere: async () => {
      const store = await elsewhere.open([folder.file()])
      others.push(store)
      return store
    },
    damage: damageOf(folder.file()),
    close: async () => {
      await Promise.all(others.map((store) => store.close()))
      folder.remove()
    },
  }
}
