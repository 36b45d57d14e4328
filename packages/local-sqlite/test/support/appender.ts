import { writeSync } from 'node:fs'
import { sqliteStore } from '../../src/index.ts'
import { batchOf } from './journal-batches.ts'

/**
 * Appends to several streams at once until it is killed, and says each acknowledged append on its standard
 * output: the line is in the pipe before the next append of that stream begins.
 */
const [file = '', name = '', streams = '8'] = process.argv.slice(2)
const store = sqliteStore({ file })
await Promise.all(
  Array.from({ length: Number(streams) }, async (_, index) => {
    const stream = `${name}/${index}`
    for (let count = 1; ; count += 1) {
      await store.journal.append(batchOf(stream, [count], { expect: [{ stream, position: count - 1 }] }))
      writeSync(1, `${stream} ${count}\n`)
    }
  }),
)
