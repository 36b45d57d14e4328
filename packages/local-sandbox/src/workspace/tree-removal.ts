import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { HeldDirectory } from './held-directory.ts'
import { failedWith } from './workspace-fault.ts'

/** `O_PATH` of Linux, which Node does not name: a descriptor that needs no right to read. */
const pathOnly = 0o10000000

/** How often an entry is looked at again that turned into something else meanwhile. */
const mostLooks = 10

/**
 * Removes a tree and never anything that its links name, also when a process in it swaps entries meanwhile. What is not
 * there is removed.
 */
export function removeTree(path: string): void {
  let parent: HeldDirectory
  try {
    parent = HeldDirectory.open(dirname(path))
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return
    throw error
  }
  try {
    removeEntry(parent, basename(path))
  } finally {
    parent.release()
  }
}

function removeEntry(parent: HeldDirectory, name: string | Buffer): void {
  for (let look = 1; ; look++) {
    try {
      const stat = lstatSync(parent.at(name), { throwIfNoEntry: false })
      if (stat === undefined) return
      if (stat.isDirectory()) removeFolder(parent, name)
      else unlinkSync(parent.at(name))
      return
    } catch (error) {
      const isChanged = failedWith(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENOTEMPTY', 'EPERM')
      if (!isChanged || look === mostLooks) throw error
    }
  }
}

/** Depth is bounded by what the file system lets a process make through paths, and each level holds one descriptor. */
function removeFolder(parent: HeldDirectory, name: string | Buffer): void {
  const held = openWritable(parent, name)
  try {
    for (const entry of readdirSync(held.path, { encoding: 'buffer' })) removeEntry(held, entry)
  } finally {
    held.release()
  }
  rmdirSync(parent.at(name))
}

/** Commands may have taken every right from a folder; it is ours all the same. */
function openWritable(parent: HeldDirectory, name: string | Buffer): HeldDirectory {
  let held: HeldDirectory
  try {
    held = parent.child(name)
  } catch (error) {
    if (!failedWith(error, 'EACCES')) throw error
    giveRights(parent, name)
    held = parent.child(name)
  }
  try {
    fchmodSync(held.fd, 0o700)
  } catch (error) {
    held.release()
    throw error
  }
  return held
}

/** Changes the mode of the folder itself: a path would be followed where it was swapped for a link meanwhile. */
function giveRights(parent: HeldDirectory, name: string | Buffer): void {
  const fd = openSync(parent.at(name), pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    chmodSync(`/proc/self/fd/${fd}`, 0o700)
  } finally {
    closeSync(fd)
  }
}
