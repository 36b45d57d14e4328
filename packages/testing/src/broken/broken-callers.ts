import { isCodedError, PortError } from '@belay/core/ports'
import type { BrokenModel } from './broken-model.ts'

/** Models whose retries, errors or aborts are wrong. */
export const brokenCallers: readonly BrokenModel[] = [
  {
    name: 'tries again by itself',
    rejectedBy: [
      'refusal: 500 is model/server, retryable, after one request',
      'refusal: 429 is model/rate-limit, retryable, after one request',
      'broken: a connection reset before any answer is model/network',
    ],
    generate: async function* (model, request, signal) {
      try {
        yield* model.generate(request, { signal })
      } catch (error) {
        if (!isCodedError(error) || !error.retryable) throw error
        yield* model.generate(request, { signal })
      }
    },
  },
  {
    name: 'takes every failure for retryable',
    rejectedBy: ['refusal: 401 is model/auth, final, after one request'],
    generate: async function* (model, request, signal) {
      try {
        yield* model.generate(request, { signal })
      } catch (error) {
        if (!isCodedError(error)) throw error
        const { code, message, meta } = error
        throw new PortError<string>({ code, message, meta, retryable: true })
      }
    },
  },
  {
    name: 'shows the prompt in its errors',
    rejectedBy: ['refusal: 400 is model/bad-request, final, after one request'],
    generate: async function* (model, request, signal) {
      try {
        yield* model.generate(request, { signal })
      } catch (error) {
        if (!isCodedError(error)) throw error
        const { code, message, retryable, meta } = error
        throw new PortError<string>({
          code,
          message,
          retryable,
          meta: { ...meta, request: JSON.stringify(request.messages) },
        })
      }
    },
  },
  {
    name: 'ignores its signal',
    rejectedBy: [
      'abort: a signal that is already aborted throws its reason and makes no request',
      'abort: while no answer comes it throws the reason and ends the request',
    ],
    generate: (model, request) => model.generate(request, { signal: new AbortController().signal }),
  },
  {
    name: 'throws an error of its own on abort',
    rejectedBy: ['abort: while no answer comes it throws the reason and ends the request'],
    generate: async function* (model, request, signal) {
      try {
        yield* model.generate(request, { signal })
      } catch (error) {
        if (signal.aborted) throw new DOMException('This operation was aborted', 'AbortError')
        throw error
      }
    },
  },
  {
    name: 'goes on reading when its consumer has left',
    rejectedBy: ['leave: a consumer that leaves the stream ends the request'],
    generate: async function* (model, request, signal) {
      const parts = model.generate(request, { signal })[Symbol.asyncIterator]()
      for (;;) {
        const next = await parts.next()
        if (next.done === true) return
        yield next.value
      }
    },
  },
]
