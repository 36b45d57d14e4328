import { isCodedError } from '@belay/core/ports'
import { sqliteStore } from '../../src/index.ts'
import { batchOf } from './journal-batches.ts'

/** Appends to a stream of its own and, where nobody else was faster, to a shared one. */
const [file = '', name = '', count = '0'] = process.argv.slice(2)
const store = sqliteStore({ file })
let refused = 0
for (let index = 1; index <= Number(count); index += 1) {
  await store.journal.append(batchOf(name, [index]))
  for (let done = false; !done;) {
    const position = (await store.journal.read('shared', { limit: 100_000 })).length
    try {
      await store.journal.append(
        batchOf('shared', [`${name} ${index}`], { expect: [{ stream: 'shared', position }] }),
      )
      done = true
    } catch (error) {
      if (!isCodedError(error, 'journal/conflict')) throw error
      refused += 1
    }
  }
}
await store.close()
process.stdout.write(`refused ${refused}\n`)
