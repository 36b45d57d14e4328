import { modelErrorCodes, PortError } from '@belay/core/ports'
import type { ModelPart, PortErrorCode } from '@belay/core/ports'
import type { ModelScriptAnswer, ModelScriptRefusal } from './model-script.ts'

/** What playing an answer needs from outside. */
export interface PlayOptions {
  readonly signal: AbortSignal
  /** Resolves after this long, or rejects with the signal's reason. */
  pause(ms: number, signal: AbortSignal): Promise<void>
}

function codeOf({ status, cause }: ModelScriptRefusal['refuse']): PortErrorCode {
  if (cause === 'context-length') return modelErrorCodes.contextLength
  if (cause === 'content-filter') return modelErrorCodes.contentFilter
  if (status === 408 || status === 504) return modelErrorCodes.timeout
  if (status === 429) return modelErrorCodes.rateLimit
  if (status === 409 || status >= 500) return modelErrorCodes.server
  return status === 401 || status === 403 ? modelErrorCodes.auth : modelErrorCodes.badRequest
}

const retryableCodes: ReadonlySet<string> = new Set([
  modelErrorCodes.timeout,
  modelErrorCodes.rateLimit,
  modelErrorCodes.server,
])

/** The error that a refusal becomes. */
export function refusalError({ refuse }: ModelScriptRefusal): PortError {
  const code = codeOf(refuse)
  const retryAfter = Number(refuse.headers?.['retry-after'] ?? Number.NaN)
  const requestId = refuse.headers?.['x-request-id']
  return new PortError({
    code,
    message: `The provider answered ${refuse.status}`,
    retryable: retryableCodes.has(code),
    meta: {
      status: refuse.status,
      ...(requestId === undefined ? {} : { requestId }),
      ...(refuse.message === undefined ? {} : { providerMessage: refuse.message }),
      ...(Number.isNaN(retryAfter) ? {} : { retryAfterMs: retryAfter * 1_000 }),
    },
  })
}

/** Rejects with the signal's reason once it aborts. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}

function brokenOff(code: PortErrorCode, sent: number): PortError {
  return new PortError({ code, message: 'The stream ended without a finish', retryable: sent === 0 })
}

/** Plays an answer as the parts that a correct adapter makes of it. */
export async function* playAnswer(
  script: ModelScriptAnswer,
  options: PlayOptions,
): AsyncGenerator<ModelPart> {
  const { signal, pause } = options
  let sent = 0
  for (const step of script.answer) {
    signal.throwIfAborted()
    if (step.do === 'text' || step.do === 'reasoning') {
      sent += 1
      yield { type: `${step.do}-delta`, text: step.text }
    } else if (step.do === 'tool-call') {
      sent += 1
      yield { type: 'tool-call', callId: step.callId, name: step.name, arguments: step.arguments }
    } else if (step.do === 'finish') {
      yield { type: 'finish', reason: step.reason, rawReason: step.reason, usage: step.usage ?? {} }
      return
    } else if (step.do === 'pause') {
      await pause(step.ms, signal)
    } else if (step.do === 'hang') {
      await untilAborted(signal)
    } else if (step.do === 'malformed') {
      throw new PortError({ code: modelErrorCodes.malformed, message: 'A chunk is not the protocol' })
    } else if (step.do === 'reset') {
      throw brokenOff(sent === 0 ? modelErrorCodes.network : modelErrorCodes.incomplete, sent)
    } else {
      break
    }
  }
  signal.throwIfAborted()
  throw brokenOff(modelErrorCodes.incomplete, sent)
}
