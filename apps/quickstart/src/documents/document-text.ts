import { createHash } from 'node:crypto'
import { DocumentError } from './document-error.ts'
import type { DocumentPlace } from './document-place.ts'
import { readDocumentBytes } from './open-document.ts'

/** A document as text. */
export interface DocumentText {
  readonly path: string
  readonly lines: readonly string[]
  readonly size: number
  readonly sha256: string
  /** Only the beginning was read. */
  readonly isCut: boolean
}

/** Reads a document as UTF-8 text. Throws `DocumentError`, also for what is not text. */
export async function readDocument(place: DocumentPlace, path: string): Promise<DocumentText> {
  const { bytes, size, isCut } = await readDocumentBytes(place, path)
  // A cut may fall into a character or a sentence; the last whole line is where the text ends.
  const whole = isCut ? wholeLines(bytes) : bytes
  return {
    path,
    lines: linesOf(decode(path, whole)),
    size,
    sha256: createHash('sha256').update(whole).digest('hex'),
    isCut,
  }
}

/** A file without line ends is cut at a character: bytes that continue one begin with the bits 10. */
function wholeLines(bytes: Uint8Array): Uint8Array {
  const lineEnd = bytes.lastIndexOf(0x0a) + 1
  if (lineEnd > 0) return bytes.subarray(0, lineEnd)
  const lastStart = bytes.findLastIndex((byte) => (byte & 0xc0) !== 0x80)
  return bytes.subarray(0, Math.max(0, lastStart))
}

function decode(path: string, bytes: Uint8Array): string {
  if (bytes.includes(0)) throw new DocumentError(`"${path}" is binary.`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new DocumentError(`"${path}" is not UTF-8 text.`)
  }
}

/** Lines without their ends; the end of the last line makes no further one. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}
