import { link, rename, stat } from 'node:fs/promises'
import { removeFile, trashName, type ProcessFolder } from './process-folder.ts'
import { failedWith } from './workspace-fault.ts'

/** A file as a sweep saw it. */
export interface SeenFile {
  readonly path: string
  readonly ino: number
  readonly mtimeMs: number
  readonly size: number
}

/**
 * Removes a file unless it was touched or written anew since it was seen; whether it did. It is moved away first and
 * looked at then: whoever touches it before that is seen, and whoever comes after does not find it and makes it again.
 */
export async function removeUntouched(
  process: ProcessFolder,
  seen: SeenFile,
  beforeRemoval?: () => Promise<void>,
): Promise<boolean> {
  const trash = `${process.trash}/${trashName(process.layout, seen.path)}`
  try {
    await rename(seen.path, trash)
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return false
    throw error
  }
  const { ino, mtimeMs } = await stat(trash)
  const isUntouched = ino === seen.ino && mtimeMs === seen.mtimeMs
  if (isUntouched) await beforeRemoval?.()
  else await linkBack(trash, seen.path)
  await removeFile(trash)
  return isUntouched
}

async function linkBack(trash: string, path: string): Promise<void> {
  try {
    await link(trash, path)
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error
  }
}
