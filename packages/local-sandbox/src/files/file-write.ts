import type { Call } from './call-gate.ts'
import { errnoOf, pathFault, restlessFault } from './file-faults.ts'
import type { HeldFolder } from './held-folder.ts'
import { atFolder, folderBelow, notAFile, requireOrdinary, splitParts } from './path-walk.ts'
import type { StagingFolder } from './staging-folder.ts'
import * as system from './system-calls.ts'
import type { TreeUsage } from './tree-usage.ts'

/** Of a file that was not there before. */
const usualMode = 0o644

/** How often a write begins again when a process moves its folder away. */
const mostAttempts = 8

/** Where a write takes place. */
export interface WritePlace {
  readonly root: HeldFolder
  readonly staging: StagingFolder
  readonly usage: TreeUsage
}

/** A file and its new content. */
export interface NewContent {
  readonly parts: readonly string[]
  readonly bytes: Uint8Array
  /** Absent: that of the file before it. */
  readonly mode?: number | undefined
}

/**
 * Puts a whole new file in the place of what has the name. The file of that name is never opened for writing: other
 * names of it keep their content, and a name that becomes a link meanwhile is replaced itself.
 */
export async function writeFile(call: Call, place: WritePlace, content: NewContent): Promise<void> {
  const { folders, name } = splitParts(call, content.parts)
  await place.usage.change(async () => {
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      const done = await atFolder(call, place.root, folders, async (folder, missing) => {
        const before = missing.length > 0 ? undefined : await folder.look(name)
        if (before !== undefined && requireOrdinary(call.path, before) === 'directory')
          throw notAFile(call.path, 'directory')
        await place.usage.admit(call, before?.size, content.bytes.length)
        const mode = content.mode ?? (before === undefined ? usualMode : before.mode & 0o777)
        const staged = await place.staging.file(call, content.bytes, mode)
        let isPlaced = false
        try {
          isPlaced = await putInPlace(call, { folder, missing, name }, place.staging.folder.place(staged))
        } finally {
          if (!isPlaced) await place.staging.drop(staged)
        }
        if (isPlaced) place.usage.record(before?.size, content.bytes.length)
        return isPlaced
      })
      if (done) return
    }
    throw restlessFault(call.path)
  })
}

interface Target {
  readonly folder: HeldFolder
  /** Folders to make below it. */
  readonly missing: readonly string[]
  readonly name: string
}

/** Whether it was done; false when a folder of the way has gone meanwhile. */
async function putInPlace(call: Call, target: Target, staged: string | Buffer): Promise<boolean> {
  let { folder } = target
  try {
    for (const part of target.missing) {
      call.check()
      await makeFolder(folder, part)
      const next = await folderBelow(call, folder, part)
      if (next === undefined) return false
      const left = folder
      folder = next
      if (left !== target.folder) await left.close()
    }
    await system.rename(staged, folder.place(target.name))
    return true
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return false
    throw errno === 'EISDIR' ? pathFault(call.path, 'not_a_file') : error
  } finally {
    if (folder !== target.folder) await folder.close()
  }
}

async function makeFolder(folder: HeldFolder, name: string): Promise<void> {
  try {
    await system.mkdir(folder.place(name), { mode: 0o755 })
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}
