import type { Model } from '@belay/core/ports'
import { callStream } from './call-stream.ts'
import { unsupportedError } from './errors/answer-error.ts'

/** `generate` of a model that writes no text. Core never calls it: the capabilities do not name it. */
export function withoutText(why: string): Model['generate'] {
  return (_request, { signal }) =>
    // oxlint-disable-next-line require-yield
    callStream(signal, async function* () {
      throw unsupportedError(why)
    })
}
