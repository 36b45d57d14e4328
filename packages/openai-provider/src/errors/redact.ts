import { Buffer } from 'node:buffer'
import { promptMask } from './prompt-mask.ts'

/** Providers' messages are for people; longer ones are mostly an echo of the request. */
const maxMessageLength = 300

/** How much of a provider's message is looked at, so that a hostile one costs nothing. */
const maxScannedLength = 4_000

const mark = '[redacted]'

/** Keeps credentials, prompt and answer out of errors. */
export interface Redact {
  /** A provider's message made safe to keep, and short. */
  message(text: string): string
  /** Whether a code or an id holds nothing of the request. */
  safe(value: string): boolean
}

/** What must not be seen in an error. */
export interface RedactOptions {
  /** Keys and header values of the request. */
  readonly secrets: readonly string[]
  /** Texts of the request and the answer so far. Asked for only when there is a message to clean. */
  readonly texts: () => Iterable<string>
}

/**
 * Credentials by their looks. A provider may quote a key, or a whole header, in any of the usual encodings;
 * what looks like one goes, at the price of an opaque id now and then.
 */
const suspicious: readonly RegExp[] = [
  /\b(?:bearer|basic)\s+\S+/gi,
  /\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?[^"',;\s]+(?:\s+[^"',;\s]+)?/gi,
  /\b(?:x-)?api[-_]?key["']?\s*[:=]\s*["']?[^"',;\s]+/gi,
  /\bsk-[\w-]+/g,
  /[^\s"']*\*{3,}[^\s"']*/g,
  /\bdata:[^\s"']+/gi,
  /\/\/[^\s/@"']+@/g,
  /[^\s"']*%[0-9a-f]{2}[^\s"']*/gi,
  /(?:\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|&#x?[0-9a-f]+;){2,}/gi,
  /\b[0-9a-f]{24,}\b/gi,
]

/** A long run of the base64 alphabet with both cases, or with digits among capitals; words and codes are not. */
const encodedRun = /[\w+/=-]{20,}/g

/** Builds the cleaner of one request. */
export function createRedact({ secrets, texts }: RedactOptions): Redact {
  const forms = [...new Set(secrets.flatMap(secretForms))].toSorted((a, b) => b.length - a.length)
  const withoutSecrets = (text: string): string =>
    forms.reduce((rest, form) => rest.replaceAll(form, mark), text)
  return {
    message(message) {
      let text = withoutSecrets(message.slice(0, maxScannedLength))
      for (const pattern of suspicious) text = text.replace(pattern, mark)
      text = text.replace(encodedRun, (run) => (looksEncoded(run) ? mark : run))
      text = promptMask(text, texts(), mark).replace(/\s+/g, ' ').trim()
      return text.length > maxMessageLength ? `${text.slice(0, maxMessageLength - 1)}…` : text
    },
    safe: (value) => !/\bsk-/.test(value) && promptMask(withoutSecrets(value), texts(), mark) === value,
  }
}

function looksEncoded(run: string): boolean {
  return /[a-z]/.test(run) && /[A-Z]/.test(run) && (/\d/.test(run) || !/[-_]/.test(run))
}

/** One and two characters would blot out every message; a credential is longer. */
function secretForms(secret: string): readonly string[] {
  if (secret.length < 4) return []
  const base64 = Buffer.from(secret).toString('base64')
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
  ]
}
