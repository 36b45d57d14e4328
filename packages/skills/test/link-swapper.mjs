// Swaps a folder or a file of the skill for a link to the outside and back, until it is killed.
import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const [root = '', what] = process.argv.slice(2)
const [real, link] =
  what === 'folder'
    ? [join(root, 'a/inner'), '../outside']
    : [join(root, 'a/inner/data.md'), '../../outside/data.md']
const away = join(root, 'away')
const ready = join(root, 'link')

symlinkSync(link, ready)
const swap = () => {
  for (let round = 0; round < 100; round++) {
    renameSync(real, away)
    renameSync(ready, real)
    renameSync(real, ready)
    renameSync(away, real)
  }
  setImmediate(swap)
}
swap()
process.send?.('ready')
