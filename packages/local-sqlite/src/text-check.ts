/**
 * Texts that become keys. The driver replaces a lone surrogate by U+FFFD without a word, so two different
 * texts would become one row; they are refused here. Every other text, NUL included, is kept as it is.
 */
export function requireText(text: string, what: string, maxLength: number): void {
  if (typeof text !== 'string') throw new TypeError(`${what} must be a text`)
  if (text.length > maxLength) throw new TypeError(`${what} has at most ${maxLength} characters`)
  if (!text.isWellFormed()) throw new TypeError(`${what} must not hold a lone surrogate`)
}

/** The port's limit on stream names. */
const maxStreamName = 200

/** Throws `TypeError` when no stream can have this name. */
export function requireStreamName(name: string): void {
  if (name === '') throw new TypeError('A stream name must not be empty')
  requireText(name, 'A stream name', maxStreamName)
}

/** JSON text of a value. Throws `TypeError` when there is none, instead of losing the value. */
export function jsonTextOf(value: unknown, what: string): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new TypeError(`${what} cannot be written as JSON`, { cause })
  }
  if (text === undefined) throw new TypeError(`${what} is not JSON`)
  return text
}
