import { HarnessError } from '../errors/harness-error.ts'
import { readAll } from '../feed/read.ts'
import { runStream } from '../feed/streams.ts'
import type { CheckpointRun, CheckpointState } from '../history/checkpoints.ts'
import type { NewEvent, StoredValue } from '../history/event.ts'
import { foldRun } from '../history/fold.ts'
import { decodeValue, encodeValue, type EncodedValue } from '../history/stored-value.ts'
import type { Attempt } from './attempt.ts'

/** The checkpoints of a run and whose they are. */
export interface RunCheckpoints extends CheckpointRun {
  readonly checkpoints: CheckpointState
}

/** What the journal of a run keeps beside results, for engine code that makes steps of it. */
export class RunRecords {
  readonly #attempt: Attempt

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  /** Of this run, with what is being written now. */
  get own(): RunCheckpoints {
    const { history, identity } = this.#attempt
    return { runId: identity.runId, started: history.started, checkpoints: history.checkpoints }
  }

  get now(): number {
    return this.#attempt.platform.now()
  }

  /** Of a run of the same session. Nothing of any other is shown, not even that it exists. */
  async of(runId: string): Promise<RunCheckpoints> {
    if (runId === this.#attempt.identity.runId) return this.own
    const history = foldRun(await readAll(this.#attempt.engine.journal, runStream(runId)))
    if (history?.started.sessionId !== this.#attempt.identity.sessionId) {
      throw new HarnessError({
        code: 'run/not-found',
        message: `This session has no run "${runId}".`,
        meta: { runId },
      })
    }
    return { runId, started: history.started, checkpoints: history.checkpoints }
  }

  encode(value: unknown, what: string): EncodedValue | Promise<EncodedValue> {
    return encodeValue(value, what, this.#attempt.engine.blobs)
  }

  decode(stored: StoredValue): unknown {
    return decodeValue(stored, this.#attempt.engine.blobs)
  }

  /** Commits an entry that is the result of nothing; from inside an effect, whose own result comes later. */
  async record(event: NewEvent): Promise<void> {
    await this.#attempt.append(event)
  }
}
