import { HarnessError } from '../errors/harness-error.ts'
import { IdleWatch } from '../platform/idle-watch.ts'
import type { ModelRequest, Platform, Timer } from '../ports/index.ts'
import type { EngineStepRun } from '../run/definition.ts'
import { OutcomeBuilder, type ModelOutcome } from './outcome.ts'
import type { ResolvedModel } from './registry.ts'

/** What one attempt of a model call needs. */
export interface ModelCall {
  readonly resolved: ResolvedModel
  readonly request: ModelRequest
  /** The attempt that makes the call; a model that goes silent ends it. */
  readonly run: Pick<EngineStepRun, 'signal' | 'abort'>
  readonly platform: Platform
  /** Text as it arrives; `offset` counts UTF-16 units from the start of this attempt. */
  readonly onText?: (text: string, offset: number) => void
  /** Called with every part. */
  readonly onPart?: () => void
  /** What answered, when the provider says so. */
  readonly onResponse?: (response: { readonly id?: string; readonly model?: string }) => void
}

/** The port gives an adapter a second to end an aborted stream; one that does not is left behind. */
const abortGraceMs = 1_000

/**
 * Parts that are taken in one turn of the event loop. A model that never waits would fill the buffers of readers,
 * who then lose text, and would keep everything else of the process waiting. Well below a reader's buffer.
 */
const partsPerTurn = 256

/**
 * Makes one request and collects its stream. A stream that goes silent is ended as a timeout: a half-open
 * connection would wait for ever.
 */
export function callModel(call: ModelCall): Promise<ModelOutcome> {
  const { resolved, platform, run } = call
  const { signal } = run
  return new Promise((resolve, reject) => {
    let grace: Timer | undefined
    const onAbort = (): void => {
      grace = platform.timer(abortGraceMs, () => reject(signal.reason))
    }
    const idle = new IdleWatch(platform, resolved.idleTimeoutMs, {
      isWorking: () => false,
      expired: () => run.abort(silent(resolved)),
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
    const cleanUp = (): void => {
      idle.stop()
      grace?.cancel()
      signal.removeEventListener('abort', onAbort)
    }
    collect(call, signal, idle).then(
      (outcome) => {
        cleanUp()
        resolve(outcome)
      },
      (error: unknown) => {
        cleanUp()
        reject(error)
      },
    )
  })
}

async function collect(call: ModelCall, signal: AbortSignal, idle: IdleWatch): Promise<ModelOutcome> {
  const { resolved, request } = call
  const watched = resolved.idleTimeoutMs > 0
  const builder = new OutcomeBuilder()
  let offset = 0
  let parts = 0
  if (watched) idle.touch()
  try {
    signal.throwIfAborted()
    for await (const part of resolved.model.generate(request, { signal })) {
      // An adapter that ignores the abort is heard no more; leaving the loop tells it again.
      signal.throwIfAborted()
      if (watched) idle.touch()
      call.onPart?.()
      builder.add(part)
      if (part.type === 'finish' && part.response !== undefined) call.onResponse?.(part.response)
      if (part.type === 'text-delta') {
        call.onText?.(part.text, offset)
        offset += part.text.length
      }
      if (++parts % partsPerTurn === 0) await nextTurn(call.platform)
    }
  } catch (error) {
    // Whatever the adapter made of the abort, what counts is why it was aborted.
    throw signal.aborted ? signal.reason : error
  }
  if (!builder.finished) signal.throwIfAborted()
  return builder.build()
}

function nextTurn(platform: Platform): Promise<void> {
  return new Promise((resolve) => platform.macrotask(resolve))
}

/** A request with the settings of its alias; those of the request go before them. */
export function withSettings(request: ModelRequest, { settings }: ResolvedModel): ModelRequest {
  return { ...request, settings: { ...settings, ...request.settings } }
}

function silent({ model, idleTimeoutMs }: ResolvedModel): HarnessError {
  return new HarnessError({
    code: 'operation/timeout',
    message: `The model "${model.modelId}" sent nothing for ${idleTimeoutMs} ms. Raise idleTimeoutMs if it thinks that long.`,
    retryable: true,
    meta: { scope: 'model', timeoutMs: idleTimeoutMs, idle: true },
  })
}
