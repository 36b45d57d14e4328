import { sqliteStore } from '@belay/local-sqlite'
import { serveStore } from '@belay/testing'

/** A process that serves the store of the file that its argument names. */
const [file = ''] = process.argv.slice(2)
serveStore(sqliteStore({ file }))
