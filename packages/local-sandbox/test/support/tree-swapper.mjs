// Swaps names of the tree for links to the outside and back until it is killed, and makes anew what calls have removed.
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [tree = '', outside = '', inside = ''] = process.argv.slice(2)
const away = join(tree, 'away')
const folders = ['', 'sub', 'sub/deep']
const files = ['file.txt', 'sub/file.txt', 'sub/deep/file.txt']

const done = (call) => {
  try {
    call()
    return true
  } catch {
    // A call of the sandbox has changed what was to be moved.
    return false
  }
}

const restore = () => {
  for (const folder of folders) done(() => mkdirSync(join(tree, 'swapped', folder)))
  for (const file of files) done(() => writeFileSync(join(tree, 'swapped', file), inside, { flag: 'wx' }))
}

/** The name makes room for a link and comes back. A call may have put something there meanwhile. */
const swap = (name) => {
  const place = join(tree, 'swapped', name)
  if (!done(() => renameSync(place, away))) return
  done(() => symlinkSync(join(outside, name), place))
  done(() => unlinkSync(place))
  if (!done(() => renameSync(away, place))) rmSync(away, { recursive: true, force: true })
}

let swaps = 0
const round = () => {
  restore()
  for (let turn = 0; turn < 40; turn++) {
    for (const name of [...folders, ...files]) swap(name)
    swaps += folders.length + files.length
  }
  process.send?.({ swaps })
  setImmediate(round)
}
restore()
process.once('message', round)
process.send?.({ swaps })
