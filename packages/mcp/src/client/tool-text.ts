import type { JsonObject, SourcedResult } from '@belay/core/ports'
import { isPlainJson } from './plain-json.ts'

/** What the port allows. */
const maxTextLength = 1_048_576
const maxStructuredBytes = 1_048_576

/** The result of a call as the port has it. What is not text is named and left out. */
export function sourcedResult(result: Readonly<Record<string, unknown>>): SourcedResult {
  const structured = structuredOf(result['structuredContent'])
  const parts = Array.isArray(result['content'])
    ? (result['content'] as readonly unknown[]).map(partText)
    : []
  const text = parts.length > 0 || structured === undefined ? parts.join('\n') : JSON.stringify(structured)
  return {
    isError: result['isError'] === true,
    text: bounded(text),
    ...(structured !== undefined && { structured }),
  }
}

/** The text of the contents of a resource. */
export function resourceText(contents: readonly unknown[]): string {
  return bounded(contents.map(resourcePart).join('\n'))
}

/** Whole characters only, and at the end what was cut. */
export function bounded(text: string, max = maxTextLength): string {
  if (text.length <= max) return text.toWellFormed()
  const note = `\n[cut: ${text.length} characters in all]`
  return `${text
    .slice(0, max - note.length)
    .replace(/[\uD800-\uDBFF]$/, '')
    .toWellFormed()}${note}`
}

function partText(part: unknown): string {
  const { type, text, data, mimeType, uri, resource } = Object(part) as Readonly<Record<string, unknown>>
  if (type === 'text' && typeof text === 'string') return text
  if (type === 'resource') return resourcePart(resource)
  if (type === 'resource_link') return `[resource ${String(uri)}]`
  const size = typeof data === 'string' ? `, ${data.length} characters of base64` : ''
  return `[${String(type)} ${typeof mimeType === 'string' ? mimeType : ''}${size}: left out]`
}

function resourcePart(resource: unknown): string {
  const { uri, text, blob, mimeType } = Object(resource) as Readonly<Record<string, unknown>>
  if (typeof text === 'string') return text
  const size = typeof blob === 'string' ? `, ${blob.length} characters of base64` : ''
  return `[resource ${String(uri)} ${typeof mimeType === 'string' ? mimeType : ''}${size}: left out]`
}

function structuredOf(value: unknown): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !isPlainJson(value))
    return undefined
  const size = Buffer.byteLength(JSON.stringify(value))
  return size <= maxStructuredBytes ? (value as JsonObject) : undefined
}
