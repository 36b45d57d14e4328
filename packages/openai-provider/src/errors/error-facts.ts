/** What a provider said about a failure, in whichever of the usual forms it said it. */
export interface ErrorFacts {
  readonly message?: string
  readonly code?: string
  readonly type?: string
  /** An HTTP status, from the answer or from a numeric code in the frame. */
  readonly status?: number
}

/**
 * Reads an error body or an error frame. OpenAI sends `{ error: { message, code, type } }`, a failed response
 * `{ response: { error } }`, its `error` event the fields themselves; compatible servers send `{ error: 'text' }`,
 * `{ message, code: 400 }`, `{ detail }` or plain text.
 */
export function errorFacts(value: unknown): ErrorFacts {
  if (typeof value === 'string') return { message: value }
  const frame = record(value)
  if (!frame) return {}
  const response = record(frame['response'])
  const inner = response?.['error'] ?? frame['error'] ?? frame
  if (typeof inner === 'string') return { message: inner, ...codes(frame) }
  const fields = record(inner) ?? frame
  const message = [fields['message'], fields['detail'], frame['message']].find(
    (text) => typeof text === 'string',
  )
  return { ...(message !== undefined && { message }), ...codes(fields) }
}

/** Parses a body as JSON when it is JSON; else it is the message. */
export function errorFactsOfText(text: string): ErrorFacts {
  try {
    return errorFacts(JSON.parse(text))
  } catch {
    return text.trimStart().startsWith('<') ? {} : errorFacts(text)
  }
}

/** A plain object, or nothing. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function codes(fields: Readonly<Record<string, unknown>>): Omit<ErrorFacts, 'message'> {
  const code = fields['code']
  const type = fields['type']
  const status = [code, fields['status'], fields['statusCode']].map(Number).find((n) => n >= 400 && n <= 599)
  return {
    ...((typeof code === 'string' || typeof code === 'number') && { code: String(code) }),
    ...(typeof type === 'string' && { type }),
    ...(status !== undefined && Number.isInteger(status) && { status }),
  }
}
