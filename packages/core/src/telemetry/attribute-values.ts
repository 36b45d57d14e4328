import type { Attributes } from '@opentelemetry/api'
import type { Json } from '../ports/index.ts'

/** Attributes without those that have no value. */
export function defined(attributes: Readonly<Attributes>): Attributes {
  const kept: Attributes = {}
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) kept[name] = value
  return kept
}

/** Content as text. What cannot be written is left out rather than failing a span. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value) ?? ''
}

const metadataKey = /^[a-zA-Z][a-zA-Z0-9_.-]{0,63}$/
const maxMetadataLength = 256

/** The scalars of a run's metadata that may be on its span; the rest is left out. */
export function metadataAttributes(metadata: Json): Attributes {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return {}
  const kept: Attributes = {}
  for (const [key, value] of Object.entries(metadata)) {
    if (!metadataKey.test(key) || !isShortScalar(value)) continue
    kept[`belay.metadata.${key}`] = value
  }
  return kept
}

function isShortScalar(value: unknown): value is string | number | boolean {
  if (typeof value === 'string') return value.length <= maxMetadataLength
  return typeof value === 'number' || typeof value === 'boolean'
}
