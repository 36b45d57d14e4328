import { isCodedError } from '@belay/core/ports'
import { sqliteStore } from '../../src/index.ts'
import { batchOf } from './journal-batches.ts'

/** Appends entries of about 2 KB until that fails `faults` times; prints each acknowledged one and each fault. */
const [file = '', faults = '1'] = process.argv.slice(2)
const store = sqliteStore({ file })
let failed = 0
for (let count = 1; failed < Number(faults); count += 1) {
  try {
    await store.journal.append(batchOf('s', [{ count, text: 'x'.repeat(2_000) }]))
    process.stdout.write(`ok ${count}\n`)
  } catch (error) {
    failed += 1
    process.stdout.write(`${isCodedError(error) ? error.code : String(error)}\n`)
  }
}
await store.close()
