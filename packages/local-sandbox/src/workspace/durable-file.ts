import type { FileHandle } from 'node:fs/promises'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { failedWith } from './workspace-fault.ts'

/** Makes the entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Folders with entries that must be durable before a call answers. Each is synced once, however many entries it got. */
export class DirtyFolders {
  readonly #paths = new Set<string>()

  add(path: string): void {
    this.#paths.add(path)
  }

  async sync(): Promise<void> {
    const paths = [...this.#paths]
    await Promise.all(paths.map(syncFolder))
    for (const path of paths) this.#paths.delete(path)
  }
}

/** What is put at a path. */
export interface DurableFile {
  /** A path of the same file system that nobody else uses. */
  readonly temp: string
  readonly path: string
  readonly bytes: Uint8Array
  /** Seconds, for its time of modification. */
  readonly touched: number
}

/** Writes a file that is whole and durable wherever it is found. Its folder is added to `dirty`. */
export async function replaceFile(file: DurableFile, dirty: DirtyFolders): Promise<void> {
  await writeTemp(file)
  await moveInto(file, dirty)
}

/** As `replaceFile`, unless something is at the path already; whether it was written. */
export async function writeOnce(file: DurableFile, dirty: DirtyFolders): Promise<boolean> {
  await writeTemp(file)
  try {
    await withParent(file.path, dirty, () => link(file.temp, file.path))
    return true
  } catch (error) {
    if (!failedWith(error, 'EEXIST')) throw error
    return false
  } finally {
    dirty.add(dirname(file.path))
    await unlink(file.temp)
  }
}

/** Moves a file that is durable itself to its place. */
export async function moveInto(
  { temp, path }: Pick<DurableFile, 'path' | 'temp'>,
  dirty: DirtyFolders,
): Promise<void> {
  await withParent(path, dirty, () => rename(temp, path))
  dirty.add(dirname(path))
}

async function writeTemp({ temp, bytes, touched }: DurableFile): Promise<void> {
  const handle = await open(temp, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await finish(handle, touched)
  } finally {
    await handle.close()
  }
}

/** The last steps of writing: the time, and everything to the device. */
export async function finish(handle: FileHandle, touched: number): Promise<void> {
  await handle.utimes(touched, touched)
  await handle.sync()
}

async function withParent(path: string, dirty: DirtyFolders, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error
    const parent = dirname(path)
    await mkdir(parent, { recursive: true, mode: 0o700 })
    dirty.add(dirname(parent))
    await act()
  }
}
