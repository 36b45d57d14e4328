import { portSpecs } from '@belay/core/ports'
import type { AdapterInfo, Store } from '@belay/core/ports'
import { sqliteBlobs } from './blob/sqlite-blobs.ts'
import { connectionOf } from './database/connection.ts'
import { sqliteJournal } from './journal/sqlite-journal.ts'
import { sqliteLeases } from './lease/sqlite-leases.ts'
import { sqliteMemory } from './memory/sqlite-memory.ts'
import { requireSupportedNode } from './runtime-guard.ts'
import { storeLife } from './store-life.ts'
import { settingsOf } from './store-options.ts'
import type { SqliteStoreOptions } from './store-options.ts'
import { packageVersion } from './version.ts'
import { writeQueueOf } from './write/write-queue.ts'
import type { WriteHooks } from './write/write-queue.ts'

const info: AdapterInfo = {
  id: 'sqlite',
  packageName: '@belay/local-sqlite',
  version: packageVersion,
  specs: {
    journal: portSpecs.journal,
    lease: portSpecs.lease,
    blobs: portSpecs.blobs,
    memory: portSpecs.memory,
  },
  capabilities: ['store.persistent', 'store.multi-process', 'memory.ttl', 'memory.search'],
}

/**
 * A durable store in one SQLite file, for any number of processes of one host. Nothing is opened before
 * the first call. Throws `TypeError` for wrong options and `store/version` on a Node that is too old.
 */
export function sqliteStore(options: SqliteStoreOptions): Store {
  return sqliteStoreWith(options, {})
}

/** The same with seams for tests. */
export function sqliteStoreWith(options: SqliteStoreOptions, hooks: WriteHooks): Store {
  requireSupportedNode(process.versions.node)
  const settings = settingsOf(options)
  const connection = connectionOf(settings)
  const queue = writeQueueOf(connection, settings, hooks)
  const life = storeLife()
  const parts = { connection, queue, life, settings }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await life.end()
    await queue.idle()
    connection.close()
  }
  return {
    info,
    journal: sqliteJournal(parts),
    leases: sqliteLeases(parts),
    blobs: sqliteBlobs(parts),
    memory: sqliteMemory(parts),
    close: () => (closing ??= close()),
  }
}
