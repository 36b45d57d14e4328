import { HarnessError } from '../errors/harness-error.ts'
import { IdleWatch } from '../platform/idle-watch.ts'
import type { ModelRequest, Platform } from '../ports/index.ts'
import { OutcomeBuilder, type ModelOutcome } from './outcome.ts'
import type { ResolvedModel } from './registry.ts'

/** What one attempt of a model call needs. */
export interface ModelCall {
  readonly resolved: ResolvedModel
  readonly request: ModelRequest
  readonly signal: AbortSignal
  readonly platform: Platform
  /** Text as it arrives; `offset` counts UTF-16 units from the start of this attempt. */
  readonly onText?: (text: string, offset: number) => void
  /** Called with every part. */
  readonly onPart?: () => void
}

/**
 * Makes one request and collects its stream. A stream that goes silent is ended as a timeout: a half-open
 * connection would wait for ever.
 */
export async function callModel(call: ModelCall): Promise<ModelOutcome> {
  const { resolved, request, platform } = call
  const controller = new AbortController()
  const detach = follow(call.signal, controller)
  const idle = new IdleWatch(platform, resolved.idleTimeoutMs, {
    isWorking: () => false,
    expired: () => controller.abort(silent(resolved)),
  })
  if (resolved.idleTimeoutMs > 0) idle.touch()
  const builder = new OutcomeBuilder()
  let offset = 0
  try {
    const parts = resolved.model.generate(withSettings(request, resolved), { signal: controller.signal })
    for await (const part of parts) {
      if (resolved.idleTimeoutMs > 0) idle.touch()
      call.onPart?.()
      builder.add(part)
      if (part.type !== 'text-delta') continue
      call.onText?.(part.text, offset)
      offset += part.text.length
    }
    controller.signal.throwIfAborted()
    return builder.build()
  } finally {
    idle.stop()
    detach()
  }
}

function withSettings(request: ModelRequest, resolved: ResolvedModel): ModelRequest {
  return { ...request, settings: { ...resolved.settings, ...request.settings } }
}

function follow(signal: AbortSignal, controller: AbortController): () => void {
  const onAbort = (): void => controller.abort(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return () => signal.removeEventListener('abort', onAbort)
}

function silent({ model, idleTimeoutMs }: ResolvedModel): HarnessError {
  return new HarnessError({
    code: 'operation/timeout',
    message: `The model "${model.modelId}" sent nothing for ${idleTimeoutMs} ms.`,
    retryable: true,
    meta: { scope: 'model', timeoutMs: idleTimeoutMs, idle: true },
  })
}
