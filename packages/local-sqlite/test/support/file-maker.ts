import { join } from 'node:path'
import { sqliteStore } from '../../src/index.ts'
import { batchOf } from './journal-batches.ts'

/** Opens one file after the other, appends to it and closes it: as often as not nobody has made it yet. */
const [folder = '', name = '', files = '0'] = process.argv.slice(2)
for (let index = 0; index < Number(files); index += 1) {
  const store = sqliteStore({ file: join(folder, `${index}.db`) })
  await store.journal.append(batchOf('s', [name]))
  await store.close()
}
process.stdout.write('done\n')
