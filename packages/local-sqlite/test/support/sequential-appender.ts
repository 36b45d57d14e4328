import { sqliteStore } from '../../src/index.ts'
import { batchOf } from './journal-batches.ts'

/** Appends the number of one-entry batches that it is told to, one after the other, and closes. */
const [file = '', count = '0'] = process.argv.slice(2)
const store = sqliteStore({ file })
for (let index = 0; index < Number(count); index += 1) await store.journal.append(batchOf('s', [index]))
await store.close()
