import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { placeOf } from './disk-layout.ts'
import { type DirtyFolders, moveInto, replaceFile } from './durable-file.ts'
import { rescue, type ProcessFolder } from './process-folder.ts'
import { touchTime } from './touch-time.ts'
import { failedWith } from './workspace-fault.ts'

/** Contents by their SHA-256: of files, or of nodes. */
export class ContentStore {
  readonly #process: ProcessFolder
  readonly #folder: string

  constructor(process: ProcessFolder, kind: 'objects' | 'trees') {
    this.#process = process
    this.#folder = process.layout[kind]
  }

  /**
   * Whether a content is there, and safe from sweeps under way: its touch is new. Somebody else may have put it there
   * and not made its entry durable yet, so its folder becomes dirty too.
   */
  async touch(hash: string, size: number, dirty: DirtyFolders): Promise<boolean> {
    const path = placeOf(this.#folder, hash)
    const now = touchTime()
    try {
      await utimes(path, now, now)
      if ((await stat(path)).size !== size) return false
    } catch (error) {
      if (failedWith(error, 'ENOENT')) return false
      throw error
    }
    dirty.add(dirname(path))
    return true
  }

  /** Stores a content. How many bytes were not there yet. */
  async put(hash: string, bytes: Uint8Array, dirty: DirtyFolders): Promise<number> {
    if (await this.touch(hash, bytes.byteLength, dirty)) return 0
    const path = placeOf(this.#folder, hash)
    await replaceFile({ temp: this.#process.temp(), path, bytes, touched: touchTime() }, dirty)
    return bytes.byteLength
  }

  /** Takes a file that was written and synced. */
  async adopt(hash: string, temp: string, dirty: DirtyFolders): Promise<void> {
    await moveInto({ temp, path: placeOf(this.#folder, hash) }, dirty)
  }

  /** A content for reading; `undefined` when there is none. What it holds is for the reader to check. */
  async open(hash: string): Promise<FileHandle | undefined> {
    const path = placeOf(this.#folder, hash)
    return (await openFile(path)) ?? ((await rescue(this.#process.layout, path)) ? openFile(path) : undefined)
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined
    throw error
  }
}
