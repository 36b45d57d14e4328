import { constants, existsSync } from 'node:fs'
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { BigIntStats } from 'node:fs'
import { limitFault, pathFault } from './faults.ts'

/** With it, `/proc/self/fd/<n>/<name>` opens a name in a folder that is held open, wherever the folder is by now. */
const hasProc = existsSync('/proc/self/fd')

const { O_RDONLY } = constants
// Windows has none of these, and no links without a right of their own.
const openFlags: Readonly<Record<string, number | undefined>> = { ...constants }
const O_NOFOLLOW = openFlags['O_NOFOLLOW'] ?? 0
const O_NONBLOCK = openFlags['O_NONBLOCK'] ?? 0
const O_DIRECTORY = openFlags['O_DIRECTORY'] ?? 0

/**
 * A folder that is held open. Names are opened below it one component at a time and never through a link, so nobody
 * can lead the walk out of the skill by swapping a folder for a link. Without `/proc` the place of each folder is
 * compared after the read; a swap back in between is not seen there.
 */
export class FolderHandle {
  readonly #handle: FileHandle
  /** For messages. */
  readonly #shown: string
  readonly #place: string

  private constructor(handle: FileHandle, shown: string, place: string) {
    this.#handle = handle
    this.#shown = shown
    this.#place = place
  }

  /** Opens the folder that the application named; what it is itself, a link too, is the application's choice. */
  static async open(path: string): Promise<FolderHandle> {
    const handle = await openAt(path, path, O_RDONLY | O_DIRECTORY)
    return new FolderHandle(handle, path, path)
  }

  async entries(): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> {
    const found = await readdir(this.#inside(), { withFileTypes: true }).catch((error: unknown) => {
      throw faultOf(error, this.#shown)
    })
    const entries = []
    for (const entry of found.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
      const shown = this.show(entry.name)
      if (entry.isSymbolicLink()) throw pathFault(shown, 'link')
      if (!entry.isDirectory() && !entry.isFile()) throw pathFault(shown, 'special')
      entries.push({ name: entry.name, isFolder: entry.isDirectory() })
    }
    await this.#checkPlace()
    return entries
  }

  async folder(name: string): Promise<FolderHandle> {
    const shown = this.show(name)
    const place = this.#inside(name)
    await refuseOther(place, shown, 'folder')
    const handle = await openAt(place, shown, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    const folder = new FolderHandle(handle, shown, join(this.#place, name))
    await this.#checkPlace()
    return folder
  }

  /** The bytes of a file, which must not change meanwhile. */
  async read(name: string, maxBytes: number): Promise<Uint8Array> {
    const shown = this.show(name)
    const place = this.#inside(name)
    // Before it is opened: opening a device can have an effect.
    await refuseOther(place, shown, 'file')
    const handle = await openAt(place, shown, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    try {
      const before = await handle.stat({ bigint: true })
      if (!before.isFile()) throw pathFault(shown, 'special')
      if (before.size > maxBytes) throw limitFault(shown, 'maxFileBytes', maxBytes)
      const bytes = await readAtMost(handle, Number(before.size))
      if (bytes === undefined || !isSame(before, await handle.stat({ bigint: true })))
        throw pathFault(shown, 'changed')
      await this.#checkPlace()
      return bytes
    } finally {
      await handle.close()
    }
  }

  show(name: string): string {
    return join(this.#shown, name)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  #inside(name = ''): string {
    return hasProc ? join('/proc/self/fd', String(this.#handle.fd), name) : join(this.#place, name)
  }

  async #checkPlace(): Promise<void> {
    if (hasProc) return
    const held = await this.#handle.stat({ bigint: true })
    const there = await lstat(this.#place, { bigint: true }).catch(() => undefined)
    if (there === undefined || there.ino !== held.ino || there.dev !== held.dev)
      throw pathFault(this.#shown, 'changed')
  }
}

/** Does something with a folder and closes it then. */
export async function whileOpen<T>(
  folder: FolderHandle,
  work: (folder: FolderHandle) => Promise<T>,
): Promise<T> {
  try {
    return await work(folder)
  } finally {
    await folder.close()
  }
}

async function refuseOther(place: string, shown: string, wanted: 'file' | 'folder'): Promise<void> {
  let stats: BigIntStats
  try {
    stats = await lstat(place, { bigint: true })
  } catch (error) {
    throw faultOf(error, shown)
  }
  if (stats.isSymbolicLink()) throw pathFault(shown, 'link')
  if (wanted === 'file' ? !stats.isFile() : !stats.isDirectory()) throw pathFault(shown, 'special')
}

async function openAt(place: string, shown: string, flags: number): Promise<FileHandle> {
  try {
    return await open(place, flags)
  } catch (error) {
    throw faultOf(error, shown)
  }
}

function faultOf(error: unknown, shown: string): Error {
  switch ((error as { readonly code?: unknown }).code) {
    case 'ELOOP':
    case 'EMLINK':
      return pathFault(shown, 'link')
    case 'ENOENT':
      return pathFault(shown, 'missing', error)
    case 'ENOTDIR':
    case 'ENXIO':
      return pathFault(shown, 'special', error)
    default:
      return pathFault(shown, 'unreadable', error)
  }
}

/** `undefined` when the file has become shorter or longer. */
async function readAtMost(handle: FileHandle, size: number): Promise<Uint8Array | undefined> {
  const buffer = new Uint8Array(size + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return length === size ? buffer.subarray(0, size) : undefined
}

const isSame = (before: BigIntStats, after: BigIntStats): boolean =>
  before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs
