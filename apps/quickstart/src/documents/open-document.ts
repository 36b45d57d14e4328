import { constants, type Stats } from 'node:fs'
import { lstat, open, readlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { DocumentError, systemCode } from './document-error.ts'
import { isIncluded, type DocumentPlace } from './document-place.ts'
import { limits } from './limits.ts'

/** The bytes of a document as far as they are read. */
export interface DocumentBytes {
  readonly bytes: Buffer
  /** Size of the file; more than was read when `isCut`. */
  readonly size: number
  readonly isCut: boolean
}

/**
 * Reads a document of the folder. The path is walked by component and no link is followed, so nothing outside
 * the folder can be named; what was opened is compared with its name again, so that a folder which is swapped
 * for a link in between is noticed. Throws `DocumentError`.
 */
export async function readDocumentBytes(place: DocumentPlace, path: string): Promise<DocumentBytes> {
  const parts = partsOf(path)
  if (!isIncluded(place, path)) throw new DocumentError(`There is no document "${path}".`)
  await walk(place.root, parts, path)
  const full = join(place.root, ...parts)
  const handle = await openFile(full, path)
  try {
    await requireSamePlace(handle, full, path)
    return await readHead(handle)
  } finally {
    await handle.close()
  }
}

function partsOf(path: string): string[] {
  const parts = path.split('/')
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
  if (isPlain) return parts
  throw new DocumentError(
    `The path ${JSON.stringify(path)} is not one of a document: use one without a leading "/" and without "..".`,
  )
}

async function walk(root: string, parts: readonly string[], path: string): Promise<void> {
  let current = root
  for (const part of parts) {
    current = join(current, part)
    const stats = await lstat(current).catch((error: unknown) => unreadable(path, error))
    if (stats.isSymbolicLink())
      throw new DocumentError(`"${path}" leads over a link, and links are not followed.`)
  }
}

async function openFile(full: string, path: string): Promise<FileHandle> {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  return open(full, flags).catch((error: unknown) => unreadable(path, error))
}

async function requireSamePlace(handle: FileHandle, full: string, path: string): Promise<void> {
  const stats: Stats = await handle.stat()
  if (!stats.isFile()) throw new DocumentError(`"${path}" is not a file.`)
  // Only Linux tells where an open file is; elsewhere the walk above has to do.
  const real = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => full)
  if (real !== full) throw new DocumentError(`"${path}" leads out of the folder.`)
}

async function readHead(handle: FileHandle): Promise<DocumentBytes> {
  const { size } = await handle.stat()
  const buffer = Buffer.alloc(Math.min(size, limits.bytesPerDocument))
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return { bytes: buffer.subarray(0, filled), size, isCut: size > buffer.length }
}

function unreadable(path: string, error: unknown): never {
  const code = systemCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') throw new DocumentError(`There is no document "${path}".`)
  if (code === 'ELOOP') throw new DocumentError(`"${path}" is a link, and links are not followed.`)
  throw new DocumentError(`"${path}" cannot be read (${code ?? 'unknown error'}).`)
}
