import { constants } from 'node:fs'
import type { Call } from './call-gate.ts'
import type { HeldFolder } from './held-folder.ts'
import * as system from './system-calls.ts'

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants

/** Bytes that one system call takes: an abort waits for no more than these. */
const bytesAtOnce = 1_048_576

/**
 * Where files and mounts are made whole before a rename puts them in their place. No process of the sandbox sees it, so
 * nobody can touch what is half written, and a crash leaves nothing in the tree.
 */
export class StagingFolder {
  readonly folder: HeldFolder
  #made = 0

  constructor(folder: HeldFolder) {
    this.folder = folder
  }

  /** A name that nothing has here. */
  freshName(): string {
    this.#made += 1
    return `${this.#made}`
  }

  /** A whole file with this content and mode; its name here. */
  async file(call: Call, bytes: Uint8Array, mode: number): Promise<string> {
    const name = this.freshName()
    await writeNewFile(call, this.folder, name, bytes, mode)
    return name
  }

  /** Takes away a file that found no place. */
  async drop(name: string): Promise<void> {
    await system.unlink(this.folder.place(name)).catch(() => undefined)
  }
}

/** Makes a file that is not there yet. The mode is exact, whatever the umask of the process is. */
export async function writeNewFile(
  call: Call,
  folder: HeldFolder,
  name: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const fd = await system.open(folder.place(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    for (let done = 0; done < bytes.length;) {
      call.check()
      const { bytesWritten } = await system.write(fd, bytes, done, Math.min(bytesAtOnce, bytes.length - done))
      done += bytesWritten
    }
    await system.fchmod(fd, mode)
  } catch (error) {
    await system.unlink(folder.place(name)).catch(() => undefined)
    throw error
  } finally {
    await system.close(fd)
  }
}
