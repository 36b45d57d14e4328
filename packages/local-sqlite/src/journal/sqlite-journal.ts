import type { Journal } from '@belay/core/ports'
import type { Connection } from '../database/connection.ts'
import type { StoreLife } from '../store-life.ts'
import type { StoreSettings } from '../store-options.ts'
import type { WriteQueue } from '../write/write-queue.ts'
import { applyBatch } from './batch-apply.ts'
import { prepareBatch } from './batch-input.ts'
import type { PreparedBatch } from './batch-input.ts'
import { readEntries } from './entry-read.ts'

/** What the three ports of a store share. */
export interface StoreParts {
  readonly connection: Connection
  readonly queue: WriteQueue
  readonly life: StoreLife
  readonly settings: StoreSettings
}

/** The journal of a store. */
export function sqliteJournal({ connection, queue, life, settings }: StoreParts): Journal {
  return {
    // Not an async function: the promise of the queue is given on as it is, which saves three turns of microtasks.
    append: (batch) => {
      let prepared: PreparedBatch
      try {
        life.requireOpen()
        prepared = prepareBatch(batch)
      } catch (error) {
        return Promise.reject(error)
      }
      return queue.write((tables) => applyBatch(tables, prepared, settings.clock()))
    },
    read: (stream, options) =>
      life.track(async () => {
        // No stream has such a name, and the driver would look for another one.
        if (!stream.isWellFormed()) return []
        return readEntries(connection, stream, options)
      }),
    heads: (query) => life.track(() => connection.read(({ heads }) => heads.find(query, settings.clock()))),
  }
}
