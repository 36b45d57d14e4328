import type { ModelPart } from '@belay/core/ports'
import type { ErrorContext } from './errors/provider-error.ts'
import { createRedact } from './errors/redact.ts'
import { requestTexts, type AnyRequest } from './prompt/request-texts.ts'

/** How much of the answer is remembered for the cleaning of errors, twice over; the rest of it is let go. */
const rememberedLength = 64 * 1024

/** What one call knows about itself for the sake of its errors. */
export interface RequestScope {
  readonly context: ErrorContext
  /** Remembers the end of the answer, which an error in the stream may quote. Returns the part. */
  heard(part: ModelPart): ModelPart
}

/** Starts the scope of one request with the secrets that it carries. */
export function requestScope(
  provider: string,
  request: AnyRequest,
  secrets: readonly string[],
): RequestScope {
  let recent: string[] = []
  let older: string[] = []
  let length = 0
  const texts = function* (): Generator<string, void, undefined> {
    yield* requestTexts(request)
    yield [...older, ...recent].join('')
  }
  return {
    context: { provider, redact: createRedact({ secrets, texts }) },
    heard(part) {
      const text = part.type === 'tool-call' ? part.arguments : part.type === 'finish' ? '' : part.text
      recent.push(text)
      length += text.length
      if (length > rememberedLength) {
        older = recent
        recent = []
        length = 0
      }
      return part
    },
  }
}

/** Every header value is taken for a secret, and a credential also without its scheme. */
export function headerSecrets(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(headers).flatMap((value) => [value, value.replace(/^\S+\s+/, '')])
}
