import type { Call } from './call-gate.ts'
import { errnoOf, restlessFault } from './file-faults.ts'
import { whileHeld, type HeldFolder, type Name } from './held-folder.ts'
import * as system from './system-calls.ts'

/** Folders that are held open at once. Deeper ones are moved up first, so that no depth is too much. */
const mostDepth = 32

/** How often a folder is gone through again because a process puts something into it, without anything that lay deep. */
const mostPasses = 32

/** Removes what has a name, a folder with all that is in it. Whether there was something. Links are removed, never followed. */
export async function removeName(call: Call, folder: HeldFolder, name: Name): Promise<boolean> {
  const passes = new Passes(call)
  for (let isFirst = true; ; isFirst = false) {
    passes.begin()
    const stats = await folder.look(name)
    if (stats === undefined) return !isFirst
    if (!stats.isDirectory()) {
      if (await removed(system.unlink(folder.place(name)))) return true
      continue
    }
    if (await removed(system.rmdir(folder.place(name)))) return true
    await emptyBelow(folder, name, passes)
  }
}

/** Removes everything in a folder. Whether there was something. */
export async function emptyFolder(call: Call, folder: HeldFolder): Promise<boolean> {
  const passes = new Passes(call)
  for (let isFirst = true; ; isFirst = false) {
    passes.begin()
    if (!(await emptyOnce({ folder, top: folder, depth: 0, passes }))) return !isFirst
  }
}

/** Counts how often a removal goes through its folders. */
class Passes {
  readonly call: Call
  #left = mostPasses

  constructor(call: Call) {
    this.call = call
  }

  begin(): void {
    this.call.check()
    if (this.#left === 0) throw restlessFault(this.call.path)
    this.#left -= 1
  }

  /** Something that lay too deep is higher now, so this pass has a reason. An abort ends a tree that only grows. */
  goesOn(): void {
    this.#left = mostPasses
  }
}

/** One folder of a removal. */
interface Level {
  readonly folder: HeldFolder
  /** The folder where the removal began. */
  readonly top: HeldFolder
  readonly depth: number
  readonly passes: Passes
}

/** Goes through the names once. Whether there were any. */
async function emptyOnce(level: Level): Promise<boolean> {
  const { folder, depth, passes } = level
  let isFound = false
  for await (const { bytes, kind } of folder.names()) {
    passes.call.check()
    isFound = true
    if (kind !== 'directory') await removed(system.unlink(folder.place(bytes)))
    else if (await removed(system.rmdir(folder.place(bytes)))) continue
    else if (depth < mostDepth) await emptyBelow(folder, bytes, passes, level)
    else await moveUp(level, bytes)
  }
  return isFound
}

/** Empties a folder once and removes it if that was enough. Without `above`, it is where the removal begins. */
async function emptyBelow(folder: HeldFolder, name: Name, passes: Passes, above?: Level): Promise<void> {
  const below = await folderOrOther(folder, name)
  if (below === undefined) return
  await whileHeld(below, async () => {
    const level = { folder: below, top: above?.top ?? below, depth: (above?.depth ?? 0) + 1, passes }
    await withRights(below, async () => await emptyOnce(level))
  })
  if (above !== undefined) await removed(system.rmdir(folder.place(name)))
}

/** Into the folder where the removal began, and not out of the tree: a process may stand in it. */
async function moveUp({ folder, top, passes }: Level, name: Name): Promise<void> {
  const below = await folderOrOther(folder, name)
  if (below === undefined) return
  const target = top.place(`.removed-${crypto.randomUUID()}`)
  await whileHeld(below, async () => {
    // A folder that is moved has to be writable itself.
    await withRights(below, async () => await removed(system.rename(folder.place(name), target)))
  })
  passes.goesOn()
}

/** A command can take the rights to its folders away. The link of `/proc` leads to the held folder and to nothing else. */
async function withRights<T>(folder: HeldFolder, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error
    await system.chmod(folder.place(), 0o700)
    return await work()
  }
}

async function folderOrOther(folder: HeldFolder, name: Name): Promise<HeldFolder | undefined> {
  try {
    return await folder.folder(name)
  } catch (error) {
    if (isOtherNow(error)) return undefined
    throw error
  }
}

/** Whether it is done. What is something else by now, or not empty yet, comes up again in the next pass. */
async function removed(call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return true
  } catch (error) {
    if (isOtherNow(error)) return false
    throw error
  }
}

const otherNow: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENOTEMPTY', 'EEXIST'])

const isOtherNow = (error: unknown): boolean => otherNow.has(errnoOf(error) ?? '')
