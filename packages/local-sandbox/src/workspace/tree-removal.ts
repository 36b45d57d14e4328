import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { HeldDirectory } from './held-directory.ts'
import { TimeSlices } from './time-slices.ts'
import { failedWith } from './workspace-fault.ts'

/** `O_PATH` of Linux, which Node does not name: a descriptor that needs no right to read. */
const pathOnly = 0o10000000

/** How often an entry is looked at again that turned into something else meanwhile. */
const mostLooks = 10

/** Below this many folders a tree is moved up and removed from there: each level holds a descriptor and a frame. */
const deepestWay = 128

/**
 * Removes a tree and never anything that its links name, also when a process in it swaps entries meanwhile. What is not
 * there is removed.
 */
export async function removeTree(path: string): Promise<void> {
  let parent: HeldDirectory
  try {
    parent = HeldDirectory.open(dirname(path))
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return
    throw error
  }
  try {
    const slices = new TimeSlices(undefined)
    await removeEntry({ parent, top: undefined, depth: 0, slices }, basename(path))
  } finally {
    parent.release()
  }
}

/** Where a removal is. */
interface RemovalPlace {
  readonly parent: HeldDirectory
  /** The folder whose tree is removed; what lies too deep is moved into it. */
  readonly top: HeldDirectory | undefined
  readonly depth: number
  readonly slices: TimeSlices
}

async function removeEntry(place: RemovalPlace, name: string | Buffer): Promise<void> {
  const path = place.parent.at(name)
  for (let look = 1; ; look++) {
    try {
      const stat = lstatSync(path, { throwIfNoEntry: false })
      if (stat === undefined) return
      if (stat.isDirectory()) await removeFolder(place, name)
      else unlinkSync(path)
      return
    } catch (error) {
      const isChanged = failedWith(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENOTEMPTY')
      if (!isChanged || look === mostLooks) throw error
    }
  }
}

async function removeFolder(place: RemovalPlace, name: string | Buffer): Promise<void> {
  const { parent, top, depth, slices } = place
  const held = openWritable(parent, name)
  try {
    if (depth >= deepestWay && top !== undefined) {
      renameSync(parent.at(name), top.at(`deeper-${randomUUID()}`))
      return
    }
    // What was moved up meanwhile is found by looking again.
    for (let names = namesOf(held); names.length > 0; names = depth === 0 ? namesOf(held) : []) {
      for (const entry of names) {
        if (slices.isOver) await slices.pause()
        await removeEntry({ parent: held, top: top ?? held, depth: depth + 1, slices }, entry)
      }
    }
  } finally {
    held.release()
  }
  rmdirSync(parent.at(name))
}

const namesOf = (held: HeldDirectory): readonly Buffer[] => readdirSync(held.path, { encoding: 'buffer' })

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
