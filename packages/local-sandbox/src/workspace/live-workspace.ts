import { mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import type { KeptFolder } from './kept-tree.ts'
import { removeFile, type ProcessFolder } from './process-folder.ts'
import { touchTime } from './touch-time.ts'
import { removeTree } from './tree-removal.ts'
import { failedWith } from './workspace-fault.ts'

/**
 * A workspace that is open in this process. Its folder says to sweeps of every process what it needs: `base`, the
 * snapshot that its next one is compared with, and `intent`, since when one is under way. Neither has to be durable:
 * they matter while the process lives.
 */
export class LiveWorkspace {
  readonly handle: string = randomUUID()
  readonly run: string
  readonly #folder: string
  /** The tree of `base`. */
  kept: KeptFolder | undefined
  base: string | undefined
  /** The snapshot that it was equal to when it was opened. */
  openedWith: string | undefined

  private constructor(process: ProcessFolder, run: string) {
    this.run = run
    this.#folder = `${process.trees}/${this.handle}`
  }

  /** With a base it is held from now on, whatever sweeps there are. */
  static create(process: ProcessFolder, run: string, base?: string): LiveWorkspace {
    const live = new LiveWorkspace(process, run)
    mkdirSync(live.#folder, { mode: 0o700 })
    writeFileSync(live.#at('run'), run)
    if (base !== undefined) live.setBase(base)
    return live
  }

  get tree(): string {
    return this.#at('tree')
  }

  /** Where the tree is made; nobody can open it there. */
  startBuilding(): string {
    const path = this.#at('building')
    mkdirSync(path, { mode: 0o755 })
    return path
  }

  endBuilding(): void {
    renameSync(this.#at('building'), this.tree)
  }

  setBase(node: string): void {
    writeFileSync(this.#at('base.new'), node)
    renameSync(this.#at('base.new'), this.#at('base'))
    this.base = node
  }

  /** From now on sweeps keep whatever is touched, until `endIntent`. */
  startIntent(): void {
    const now = touchTime()
    writeFileSync(this.#at('intent.new'), '')
    utimesSync(this.#at('intent.new'), now, now)
    renameSync(this.#at('intent.new'), this.#at('intent'))
  }

  async endIntent(): Promise<void> {
    await removeFile(this.#at('intent'))
  }

  remove(): Promise<void> {
    return removeWorkspace(this.#folder)
  }

  #at(name: string): string {
    return `${this.#folder}/${name}`
  }
}

/** Removes what the folder of a workspace holds, and last what says whose it is: until then others find it. */
export async function removeWorkspace(folder: string): Promise<void> {
  for (const name of ['tree', 'building']) await removeTree(`${folder}/${name}`)
  await removeTree(folder)
}

/** What the folder of a workspace says, of whichever process it is. */
export function readWord(folder: string, name: 'base' | 'run'): string | undefined {
  try {
    return readFileSync(`${folder}/${name}`, 'utf8')
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined
    throw error
  }
}
