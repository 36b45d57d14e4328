import { sqliteStore } from '@belay/local-sqlite'
import { serveStores } from '@belay/testing'

/** A process that serves stores, each of the file that its argument names. */
serveStores(([file = '']) => sqliteStore({ file }))
