import { sandboxLimits } from '@belay/core/ports'
import type { Call } from './call-gate.ts'
import { errnoOf } from './file-faults.ts'
import type { HeldFolder } from './held-folder.ts'

/** Folders in folders that a search goes down, each of them held open. What lies deeper is left out, and said to be. */
const mostDepth = 128

/** Bytes of the longest path that a call takes. */
const longestPath = 4_096

/** A file that a search came to. */
export interface FoundFile {
  /** Absolute, of the inside. */
  readonly path: string
  /** From where the search began. */
  readonly relative: string
  /** Held open until the search goes on. */
  readonly folder: HeldFolder
  readonly name: string
}

/** A search below one folder. */
export interface TreeSearchStart {
  readonly call: Call
  readonly folder: HeldFolder
  /** Of the folder. */
  readonly path: string
  /** Whether a folder, named from where the search begins, can hold what is looked for. */
  readonly enters: (relative: string) => boolean
}

/** Goes through a tree by path, in the order of UTF-16 units, and never through a link. */
export class TreeSearch {
  readonly #start: TreeSearchStart
  #left: number = sandboxLimits.visitedEntries
  #isCut = false

  constructor(start: TreeSearchStart) {
    this.#start = start
  }

  /** Something was left out. */
  get isCut(): boolean {
    return this.#isCut
  }

  files(): AsyncGenerator<FoundFile, void, undefined> {
    return this.#below(this.#start.folder, '', 0)
  }

  async *#below(
    folder: HeldFolder,
    prefix: string,
    depth: number,
  ): AsyncGenerator<FoundFile, void, undefined> {
    for (const name of await this.#names(folder)) {
      this.#start.call.check()
      const relative = `${prefix}${name}`
      const path = `${this.#start.path}/${relative}`
      if (Buffer.byteLength(path) > longestPath) this.#isCut = true
      else if (!name.endsWith('/')) yield { path, relative, folder, name }
      else if (this.#start.enters(relative.slice(0, -1)))
        yield* this.#inside(folder, { name: name.slice(0, -1), prefix: relative, depth: depth + 1 })
    }
  }

  async *#inside(
    above: HeldFolder,
    next: { readonly name: string; readonly prefix: string; readonly depth: number },
  ): AsyncGenerator<FoundFile, void, undefined> {
    if (next.depth > mostDepth) {
      this.#isCut = true
      return
    }
    const folder = await this.#open(above, next.name)
    if (folder === undefined) return
    try {
      yield* this.#below(folder, next.prefix, next.depth)
    } finally {
      await folder.close()
    }
  }

  async #open(above: HeldFolder, name: string): Promise<HeldFolder | undefined> {
    try {
      return await above.folder(name)
    } catch (error) {
      const errno = errnoOf(error)
      // It has gone, or something else has its name by now.
      if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP') return undefined
      if (errno !== 'EACCES') throw error
      this.#isCut = true
      return undefined
    }
  }

  /**
   * Names of files, and of folders with a slash at the end: so the order of names is the order of the paths below them,
   * where `a-b` comes before `a/c`.
   */
  async #names(folder: HeldFolder): Promise<readonly string[]> {
    const names: string[] = []
    try {
      for await (const { name, kind } of folder.names()) {
        if (names.length % 1_024 === 0) this.#start.call.check()
        if (this.#left === 0) {
          this.#isCut = true
          break
        }
        this.#left -= 1
        if (name === undefined) continue
        if (kind === 'file') names.push(name)
        else if (kind === 'directory') names.push(`${name}/`)
      }
    } catch (error) {
      if (errnoOf(error) !== 'EACCES') throw error
      this.#isCut = true
    }
    // oxlint-disable-next-line unicorn/require-array-sort-compare -- by UTF-16 units is what is wanted, and what it does
    return names.toSorted()
  }
}
