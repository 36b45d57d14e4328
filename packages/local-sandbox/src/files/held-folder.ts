import { constants, type Dir, type Stats } from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { errnoOf } from './file-faults.ts'
import * as system from './system-calls.ts'

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants

/** Linux's number, which Node does not name: a handle on a name as it is, without opening what it names. */
const O_PATH = 0o10000000

/** A name as the disk has it: text, or bytes that may be no UTF-8. */
export type Name = string | Buffer

/** What a name is. */
export type Kind = 'file' | 'directory' | 'link' | 'special'

/** A name in a folder, with the kind that it had when it was listed. */
export interface FoundName {
  readonly bytes: Buffer
  /** Absent when the bytes are no UTF-8: no path of the inside names it. */
  readonly name: string | undefined
  readonly kind: Kind
}

/** Names that one system call brings. */
const namesAtOnce = 1_024

/**
 * A folder that is held open. Names are reached as `/proc/self/fd/<n>/<name>`, which the kernel resolves from the held
 * folder itself, wherever it is by now and whatever stands where it was; a name is never followed when it is a link.
 * Each part of a path is opened so below the one before it, and no call names two parts at once: that is all that keeps
 * a process that swaps folders for links from leading a call outside.
 */
export class HeldFolder {
  readonly #fd: number

  private constructor(fd: number) {
    this.#fd = fd
  }

  /** A folder of the host that no process of a sandbox can rename. */
  static async open(path: string): Promise<HeldFolder> {
    return new HeldFolder(await system.open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW))
  }

  /** This folder once more, to be closed by itself. */
  async again(): Promise<HeldFolder> {
    return new HeldFolder(await system.open(this.place(), O_PATH | O_DIRECTORY))
  }

  /** A folder in this one. Throws `ENOENT`, and `ENOTDIR` or `ELOOP` for what is none, a link too. */
  async folder(name: Name): Promise<HeldFolder> {
    return new HeldFolder(await system.open(this.place(name), O_PATH | O_DIRECTORY | O_NOFOLLOW))
  }

  /** Of this folder itself. */
  async facts(): Promise<Stats> {
    return await system.fstat(this.#fd)
  }

  /** Facts of a name as it is; `undefined` when it is not there. */
  async look(name: Name): Promise<Stats | undefined> {
    return await absentAsUndefined(system.lstat(this.place(name)))
  }

  /**
   * Opens a file for reading, and nothing else: a FIFO, a socket or a device is only looked at, because opening it can
   * wait or have an effect. What is looked at is what is opened then, not what has its name by then.
   */
  async openFile(name: Name): Promise<HeldFile | Kind | undefined> {
    const looked = await absentAsUndefined(system.open(this.place(name), O_PATH | O_NOFOLLOW))
    if (looked === undefined) return undefined
    try {
      const stats = await system.fstat(looked)
      if (!stats.isFile()) return kindOf(stats)
      // A lease that a process has on the file must not hold the call up either.
      return { fd: await system.open(`/proc/self/fd/${looked}`, O_RDONLY | O_NONBLOCK), stats }
    } finally {
      await system.close(looked)
    }
  }

  /** Names one after the other, in no order. `.` and `..` are left out. */
  async *names(): AsyncGenerator<FoundName, void, undefined> {
    const folder: Dir = await system.opendir(this.place(), { encoding: 'buffer', bufferSize: namesAtOnce })
    try {
      for (;;) {
        const entry = await folder.read()
        if (entry === null) return
        const bytes = entry.name as unknown as Buffer
        yield { bytes, name: isUtf8(bytes) ? bytes.toString() : undefined, kind: kindOf(entry) }
      }
    } finally {
      await folder.close()
    }
  }

  /** For system calls that do not follow a link at the end of a path, and no others. */
  place(name?: Name): string | Buffer {
    const folder = `/proc/self/fd/${this.#fd}`
    if (name === undefined) return folder
    return typeof name === 'string' ? `${folder}/${name}` : Buffer.concat([Buffer.from(`${folder}/`), name])
  }

  async close(): Promise<void> {
    await system.close(this.#fd)
  }
}

/** A file that is open for reading; whoever has it closes `fd`. */
export interface HeldFile {
  readonly fd: number
  readonly stats: Stats
}

/** Does something with a folder and closes it then. */
export async function whileHeld<T>(folder: HeldFolder, work: (folder: HeldFolder) => Promise<T>): Promise<T> {
  try {
    return await work(folder)
  } finally {
    await folder.close()
  }
}

export function kindOf(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): Kind {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  return entry.isSymbolicLink() ? 'link' : 'special'
}

async function absentAsUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}
