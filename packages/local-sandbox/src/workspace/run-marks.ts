import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { DirtyFolders, writeOnce } from './durable-file.ts'
import type { ProcessFolder } from './process-folder.ts'
import { encodeRecord } from './record-file.ts'
import { fault } from './workspace-fault.ts'

/** Names a run of a session on disk. */
export function runHash({
  runId,
  sessionId,
}: {
  readonly runId: string
  readonly sessionId: string
}): string {
  return hash('sha256', JSON.stringify([sessionId, runId]), 'hex')
}

/** Runs that were aborted, for every process of the root. */
export class RunMarks {
  readonly #process: ProcessFolder

  constructor(process: ProcessFolder) {
    this.#process = process
  }

  /** Marks a run, durably. */
  async abort(run: string, now: number): Promise<void> {
    const dirty = new DirtyFolders()
    const path = `${this.#process.layout.runs}/${run}`
    const file = {
      temp: this.#process.temp(),
      path,
      bytes: encodeRecord({ aborted: true }),
      touched: now / 1_000,
    }
    await writeOnce(file, dirty)
    await dirty.sync()
  }

  /** Throws `workspace/aborted`. */
  requireRunning(run: string): void {
    if (!existsSync(`${this.#process.layout.runs}/${run}`)) return
    throw fault('aborted', 'The workspace of this run was aborted. Begin another run.')
  }
}
