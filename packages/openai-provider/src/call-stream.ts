import { isCodedError, PortError, type ModelPart } from '@belay/core/ports'
import { requestLife, type CallScope } from './call-scope.ts'
import { incompleteError } from './errors/answer-error.ts'

/** Makes one request and yields what comes back. */
export type Producer = (scope: CallScope) => AsyncGenerator<ModelPart, void, undefined>

/**
 * Makes the stream of one call out of a producer. It holds the port's rules in one place: nothing happens
 * before the first part is asked for; an abort or an early leave ends the call at once, also when the
 * producer is stuck in a read that ignores its signal; the stream ends with exactly one `finish` or it throws.
 *
 * An iterator by hand, because `return()` of an async generator waits for a read that is pending.
 */
export function callStream(signal: AbortSignal, produce: Producer): AsyncIterable<ModelPart> {
  return { [Symbol.asyncIterator]: () => callIterator(signal, produce) }
}

function callIterator(signal: AbortSignal, produce: Producer): AsyncIterator<ModelPart> {
  const request = requestLife(signal)
  let parts: AsyncGenerator<ModelPart, void, undefined> | undefined
  let delivered = 0
  /** Whether the caller has been told how the call ended; everything after that is `done`. */
  let settled = false

  const settle = (): void => {
    settled = true
    request.end()
    parts?.return().catch(ignore)
  }
  const fail = (error: unknown): never => {
    settle()
    throw signal.aborted ? signal.reason : delivered > 0 ? notRetryable(error) : error
  }

  return {
    async next() {
      if (settled) return done
      if (signal.aborted) return fail(signal.reason)
      parts ??= produce(request.start())
      const pending = parts.next()
      pending.catch(ignore)
      const step = await Promise.race([pending, request.ended]).catch(fail)
      if (settled) return done
      if (step === 'ended') return fail(signal.reason)
      if (step.done) return fail(incompleteError('the stream ended without a finish'))
      delivered += 1
      if (step.value.type === 'finish') settle()
      return { done: false, value: step.value }
    },
    async return() {
      settle()
      return done
    },
  }
}

const done = { done: true as const, value: undefined }

/** A stream that broke off may be asked for again only when nobody has seen a part of it. */
function notRetryable(error: unknown): unknown {
  if (!isCodedError(error, 'model/incomplete') || !error.retryable) return error
  return new PortError({ code: 'model/incomplete', message: error.message, meta: error.meta })
}

function ignore(): void {}
