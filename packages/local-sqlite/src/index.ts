export { sqliteStore } from './sqlite-store.ts'
export type { SqliteStoreOptions, SqliteSynchronous } from './store-options.ts'
