import type { WorkspaceQuota } from '@belay/core/ports'
import type { Call } from './call-gate.ts'
import { errnoOf, limitFault } from './file-faults.ts'
import { whileHeld, type HeldFolder } from './held-folder.ts'

/** What a tree holds: everything that is no directory, and the sizes of its files. */
interface Usage {
  readonly bytes: number
  readonly files: number
}

/** Folders in folders that are counted. What lies deeper is left out; a snapshot refuses such a tree. */
const mostDepth = 128

/** While a command runs, a count is taken again after so many times the time that it took. */
const staleAfterTimes = 10

/**
 * How much the workspace holds, for its quota. Calls count what they change; after a command has run, the tree is counted
 * again before the next write, and while one runs from time to time, so that a write among commands may go by a count
 * that is a little old. Without a quota nothing is counted. Changes go one at a time, so that two of them cannot share one room.
 */
export class TreeUsage {
  readonly #root: HeldFolder
  readonly #quota: WorkspaceQuota
  #usage: Usage | undefined
  #countedAt = 0
  #countTook = 0
  #commands = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(root: HeldFolder, quota: WorkspaceQuota) {
    this.#root = root
    this.#quota = quota
  }

  get #isCounted(): boolean {
    return this.#quota.bytes !== undefined || this.#quota.files !== undefined
  }

  /** What was counted may be wrong from now on. */
  commandStarts(): void {
    this.#commands += 1
  }

  commandEnds(): void {
    this.#commands -= 1
    this.forget()
  }

  forget(): void {
    this.#usage = undefined
  }

  /** Runs a change of the tree after those before it. */
  async change<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isCounted) return await work()
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return await turn
  }

  /** Refuses a file that would be too large, or one too many. Takes the size before, `undefined` for a new file. */
  async admit(call: Call, before: number | undefined, after: number): Promise<void> {
    const { bytes, files, fileBytes } = this.#quota
    if (fileBytes !== undefined && after > fileBytes) throw limitFault('file_bytes', fileBytes)
    if (!this.#isCounted) return
    const usage = await this.#count(call)
    const more = after - (before ?? 0)
    // What takes no more room than before is let in, also into a tree that a command has filled.
    if (bytes !== undefined && more > 0 && usage.bytes + more > bytes) throw limitFault('bytes', bytes)
    if (files !== undefined && before === undefined && usage.files >= files) throw limitFault('files', files)
  }

  /** A file has another size now; `undefined` stands for no file. */
  record(before: number | undefined, after: number | undefined): void {
    if (this.#usage === undefined) return
    const files = this.#usage.files + (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1)
    this.#usage = { bytes: this.#usage.bytes + (after ?? 0) - (before ?? 0), files }
  }

  async #count(call: Call): Promise<Usage> {
    const started = performance.now()
    const isStale = this.#commands > 0 && started - this.#countedAt > staleAfterTimes * this.#countTook
    if (this.#usage !== undefined && !isStale) return this.#usage
    const usage = await usageOf(call, this.#root, 0)
    this.#countedAt = performance.now()
    this.#countTook = this.#countedAt - started
    this.#usage = usage
    return usage
  }
}

async function usageOf(call: Call, folder: HeldFolder, depth: number): Promise<Usage> {
  let bytes = 0
  let files = 0
  for await (const found of folder.names()) {
    call.check()
    if (found.kind !== 'directory') {
      files += 1
      if (found.kind === 'file') bytes += (await folder.look(found.bytes))?.size ?? 0
    } else if (depth < mostDepth) {
      const below = await folder.folder(found.bytes).catch(goneAsUndefined)
      if (below === undefined) continue
      const usage = await whileHeld(below, async (held) => await usageOf(call, held, depth + 1))
      bytes += usage.bytes
      files += usage.files
    }
  }
  return { bytes, files }
}

/** What a process takes away while it is counted is not there. */
function goneAsUndefined(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) throw error
}
