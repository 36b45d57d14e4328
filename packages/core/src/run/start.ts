import { runStream, sessionStream } from '../feed/streams.ts'
import { commit, toEntry } from '../feed/writer.ts'
import type { CommittedEvents, NewEvent } from '../history/event.ts'
import { foldRun } from '../history/fold.ts'
import { storeJson } from '../history/stored-value.ts'
import { isCodedError, type Json } from '../ports/index.ts'
import { hashJson, toJson } from '../schema/json.ts'
import { validateOrThrow } from '../schema/validate.ts'
import { closeOrphan, logAbandoned } from './abandon.ts'
import { takeSession } from './busy.ts'
import { targetOf } from './definition.ts'
import type { Engine } from './engine.ts'
import { execute } from './execution.ts'
import type { RunHandle } from './handle.ts'
import { positionOf, runFacts, runHead, sessionHead, toRunHead } from './heads.ts'
import type { Ownership } from './owner.ts'
import { assertOpen } from './open.ts'
import { goOn } from './resume.ts'
import { tellRefusal, type AttemptObserver } from './observer.ts'
import { cancelled } from './signal.ts'
import type { StartRequest } from './start-request.ts'

/**
 * Starts a run, or goes on with the one that has this id already. Resolves once the run is recorded. Refusals
 * come before any timer or listener exists, so a refused call leaves nothing behind.
 */
export async function startRun(engine: Engine, request: StartRequest): Promise<RunHandle> {
  const { definition, signal } = request
  assertOpen(engine)
  if (signal?.aborted === true)
    throw cancelled('call', 'The signal of the call was already aborted.', signal.reason)
  const what = `The input of ${definition.kind} "${definition.name}"`
  await validateOrThrow(definition.input, request.input, { code: 'validation/input', what })
  const input = request.input === undefined ? undefined : toJson(request.input, what)
  const start = (): Promise<RunHandle> => startOrGoOn(engine, request, input, hashJson(input ?? null))
  const handle = await (request.runId === undefined ? start() : engine.live.inTurn(request.runId, start))
  if (signal !== undefined) cancelWith(engine, signal, handle)
  return handle
}

async function startOrGoOn(
  engine: Engine,
  request: StartRequest,
  input: Json | undefined,
  inputHash: string,
): Promise<RunHandle> {
  for (;;) {
    if (request.runId !== undefined) {
      const [head] = await engine.journal.heads({ streams: [runStream(request.runId)] })
      if (head !== undefined) return goOn(engine, toRunHead(head), { request, inputHash })
    }
    const runId = request.runId ?? engine.platform.id()
    const owner = await takeSession(engine, request.sessionId, runId)
    try {
      const handle = await recordStart(engine, request, { runId, input, inputHash, owner })
      if (handle !== undefined) return handle
      // Somebody else started it while the lease was waited for; what they began is joined or read.
      await owner.release()
    } catch (error) {
      // Nothing of the run exists, so the session must be free again; what happened first is what counts.
      await owner.release().catch(() => undefined)
      // In another session its id was taken at this very moment.
      if (!isCodedError(error, 'journal/conflict')) throw error
    }
  }
}

interface NewRun {
  readonly runId: string
  readonly input: Json | undefined
  readonly inputHash: string
  readonly owner: Ownership
}

/** `undefined` when a run of this id exists by now. */
async function recordStart(
  engine: Engine,
  request: StartRequest,
  run: NewRun,
): Promise<RunHandle | undefined> {
  const { sessionId, definition, metadata, options, timeoutMs, budget } = request
  const { runId, owner } = run
  const heads = await engine.journal.heads({ streams: [runStream(runId), sessionStream(sessionId)] })
  if (heads.some((head) => head.stream === runStream(runId))) return undefined
  const session = { sessionId, head: heads.find((head) => head.stream === sessionStream(sessionId)) }
  owner.sessionPosition = positionOf(session.head)
  const orphan = await closeOrphan(engine, session, runId)
  const observer = observeStart(engine, request, runId)
  const started: CommittedEvents['run.started'] = {
    target: targetOf(definition),
    sessionId,
    input: run.input === undefined ? {} : await storeJson(run.input, engine.blobs),
    inputHash: run.inputHash,
    durable: request.runId !== undefined,
    timeoutMs,
    historyPosition: owner.sessionPosition,
    ...(budget !== undefined && { budget }),
    ...(metadata !== undefined && { metadata }),
    ...(options !== undefined && { options: options as Json }),
    ...(observer?.trace !== undefined && { trace: observer.trace }),
  }
  const now = engine.platform.now()
  const event: NewEvent = { type: 'run.started', data: started }
  const entry = toEntry(event, now)
  const facts = runFacts({ runId, sessionId }, { started, startedAt: now, hasSuspended: false }, 1)
  await tellRefusal(observer, () =>
    commit(engine, {
      fence: owner.fence,
      expect: [{ stream: runStream(runId), position: 0 }],
      entries: [{ stream: runStream(runId), entries: [entry] }, ...orphan.entries],
      heads: [
        runHead({ ...facts, state: 'running', updatedAt: now }),
        sessionHead({ sessionId, runId, position: owner.sessionPosition, updatedAt: now }),
        ...orphan.heads,
      ],
    }),
  )
  logAbandoned(engine, orphan.runId)
  const history = foldRun([{ ...entry, position: 1 }])
  if (history === undefined) throw new TypeError('A run that was just recorded has no history.')
  return execute(engine, { runId, sessionId, definition, history, ownership: owner, observer })
}

function observeStart(engine: Engine, request: StartRequest, runId: string): AttemptObserver | undefined {
  const { definition, sessionId, metadata = {}, trace } = request
  return engine.observer?.attempt({
    runId,
    sessionId,
    target: targetOf(definition),
    attempt: 1,
    durable: request.runId !== undefined,
    metadata,
    ...(trace !== undefined && { parent: trace }),
  })
}

/** The caller's signal is a cancel command; once the run is over nothing listens any more. */
function cancelWith(engine: Engine, signal: AbortSignal, handle: RunHandle): void {
  const live = engine.live.get(handle.id)
  if (live === undefined) return
  const onAbort = (): void => {
    const reason = signal.reason instanceof Error ? signal.reason.message : undefined
    handle.cancel(reason).catch(() => undefined)
  }
  // It may have been aborted while the start was recorded.
  if (signal.aborted) return onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  void live.done.then(() => signal.removeEventListener('abort', onAbort))
}
