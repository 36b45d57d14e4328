import { errnoOf, pathFault } from './file-faults.ts'
import type { Call } from './call-gate.ts'
import { kindOf, type HeldFolder, type Kind } from './held-folder.ts'

/**
 * Goes down from a held folder, one part at a time, and does something in the deepest folder that is there. `missing` are
 * the parts below it that are not. Every folder on the way but `root` is closed then.
 */
export async function atFolder<T>(
  call: Call,
  root: HeldFolder,
  parts: readonly string[],
  work: (folder: HeldFolder, missing: readonly string[]) => Promise<T>,
): Promise<T> {
  let folder = root
  try {
    for (const [at, part] of parts.entries()) {
      call.check()
      const next = await folderBelow(call, folder, part)
      if (next === undefined) return await work(folder, parts.slice(at))
      const left = folder
      folder = next
      if (left !== root) await left.close()
    }
    call.check()
    return await work(folder, [])
  } finally {
    if (folder !== root) await folder.close()
  }
}

/** The folder of that name; `undefined` when there is nothing. */
export async function folderBelow(
  call: Call,
  folder: HeldFolder,
  part: string,
): Promise<HeldFolder | undefined> {
  try {
    return await folder.folder(part)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return undefined
    if (errno !== 'ENOTDIR' && errno !== 'ELOOP') throw error
    const stats = await folder.look(part)
    // Something that is a directory again by now was a link, or stood where one is swapped in.
    const isLink = stats === undefined || stats.isDirectory() || stats.isSymbolicLink()
    throw pathFault(call.path, isLink ? 'link' : 'not_a_directory')
  }
}

/** Refuses what is no file. */
export function notAFile(path: string, kind: Exclude<Kind, 'file'>): Error {
  return pathFault(path, kind === 'directory' ? 'not_a_file' : kind)
}

/** The last part of a path and those before it. The place itself has none: it is a directory. */
export function splitParts(
  call: Call,
  parts: readonly string[],
): { readonly folders: readonly string[]; readonly name: string } {
  const name = parts.at(-1)
  if (name === undefined) throw pathFault(call.path, 'not_a_file')
  return { folders: parts.slice(0, -1), name }
}

/** Refuses links and special files; what is left is a file or a directory. */
export function requireOrdinary(path: string, stats: Parameters<typeof kindOf>[0]): 'file' | 'directory' {
  const kind = kindOf(stats)
  if (kind === 'link' || kind === 'special') throw pathFault(path, kind)
  return kind
}
