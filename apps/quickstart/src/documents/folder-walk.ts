import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DocumentError, systemCode } from './document-error.ts'
import { isIncluded, mayHoldDocuments, type DocumentPlace } from './document-place.ts'
import { limits } from './limits.ts'

/** Folders that hold no documents of anybody's own. */
const skippedFolders = new Set(['node_modules', '__pycache__'])

/**
 * Regular files in a stable order; hidden ones, links and special files are no documents. What is left out is
 * noted. Throws `DocumentError` when the folder itself cannot be read.
 */
export async function* filesOf(
  place: DocumentPlace,
  notes: string[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const open: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }]
  let seen = 0
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    signal.throwIfAborted()
    const { path, depth } = at
    const names = await namesIn(place, path, notes)
    const folders: string[] = []
    for (const name of names) {
      if (++seen > limits.entries) {
        notes.push(
          `more than ${limits.entries} entries: the rest was left out, beginning with ${join(path, name)}`,
        )
        return
      }
      if (name.startsWith('.')) continue
      const inner = path === '' ? name : `${path}/${name}`
      const stats = await lstat(join(place.root, inner)).catch(() => undefined)
      if (stats?.isDirectory() === true) {
        if (!skippedFolders.has(name) && mayHoldDocuments(place, inner)) folders.push(inner)
      } else if (isIncluded(place, inner)) {
        if (stats?.isFile() === true) yield inner
        else if (stats?.isSymbolicLink() === true) notes.push(`${inner}: left out, links are not followed`)
        else notes.push(`${inner}: left out, it is not a regular file`)
      }
    }
    if (depth < limits.depth)
      open.push(...folders.reverse().map((folder) => ({ path: folder, depth: depth + 1 })))
    else if (folders.length > 0) notes.push(`${path}: folders below it are left out, they are too deep`)
  }
}

async function namesIn(place: DocumentPlace, path: string, notes: string[]): Promise<string[]> {
  try {
    return (await readdir(join(place.root, path))).sort(byCodeUnit)
  } catch (error) {
    const code = systemCode(error) ?? 'unknown error'
    if (path === '') {
      const why = code === 'ENOENT' ? 'it does not exist' : code === 'ENOTDIR' ? 'it is not a folder' : code
      throw new DocumentError(`The folder ${place.root} cannot be read: ${why}.`)
    }
    notes.push(`${path}: left out, the folder cannot be read (${code})`)
    return []
  }
}

/** Not by locale: the order is part of what makes two runs equal. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
