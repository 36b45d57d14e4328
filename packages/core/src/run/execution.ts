import type { RunHistory } from '../history/fold.ts'
import type { Json } from '../ports/index.ts'
import type { Definition, RunCallOptions, RunIdentity } from './definition.ts'
import type { Engine } from './engine.ts'
import { createHandle, type RunHandle } from './handle.ts'
import { LiveRun } from './live-run.ts'
import type { AttemptObserver } from './observer.ts'
import type { Ownership } from './owner.ts'
import { perform } from './perform.ts'
import { watchSuspended } from './suspended.ts'

/** A run whose start or resume was recorded under a lease that is held. */
export interface Execution {
  readonly runId: string
  readonly sessionId: string
  readonly definition: Definition
  readonly history: RunHistory
  readonly ownership: Ownership
  readonly observer?: AttemptObserver | undefined
}

/** Executes it in the background and gives its handle. */
export function execute(engine: Engine, execution: Execution): RunHandle {
  const live = liveRunOf(engine, execution)
  void performUntilRest(engine, execution, live)
  return createHandle(engine, live)
}

/** A handle that waits for a suspended run goes on with it. */
function liveRunOf(engine: Engine, { runId, sessionId }: Execution): LiveRun {
  const waiting = engine.live.get(runId)
  if (waiting !== undefined && !waiting.settled) return waiting
  const live = new LiveRun(runId, sessionId)
  engine.live.add(live)
  return live
}

async function performUntilRest(engine: Engine, execution: Execution, live: LiveRun): Promise<void> {
  const identity = identityOf(execution)
  const { runId, sessionId, attempt } = identity
  const end = await perform({
    engine,
    definition: execution.definition,
    identity,
    history: execution.history,
    ownership: execution.ownership,
    deltas: live.deltas,
    log: engine.logger.child({ runId, sessionId, attempt }),
    observer: execution.observer,
    started: (started) => live.begin(started),
  })
  const over = live.attemptEnded(end)
  void engine.places.sessions.closeUnused(sessionId)
  if (over || engine.closing.aborted) return
  watchSuspended(engine, live)
}

function identityOf({ runId, sessionId, history }: Execution): RunIdentity {
  const { metadata, options, historyPosition } = history.started
  return {
    runId,
    sessionId,
    attempt: history.attempt,
    metadata: deepFreeze(metadata ?? {}),
    historyPosition,
    options: (options ?? {}) as RunCallOptions,
  }
}

/** Handlers of one run share its metadata, so none may change it under another. */
function deepFreeze(value: Json): Json {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item)
    Object.freeze(value)
  }
  return value
}
