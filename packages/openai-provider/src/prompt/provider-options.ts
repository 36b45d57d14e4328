import type { Json, JsonObject } from '@belay/core/ports'
import { record } from '../errors/error-facts.ts'
import type { AnyRequest } from './request-texts.ts'

/** The options of a request that are meant for one provider. */
export function optionsOf(request: AnyRequest, provider: string): JsonObject {
  return (record(request.providerOptions?.[provider]) ?? {}) as JsonObject
}

/** Names in camel case as protocols write them. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The fields of a body, with those of this provider over them; `null` takes a field out. */
export function bodyOf(fields: Readonly<Record<string, Json | undefined>>, extra: JsonObject): JsonObject {
  const body: Record<string, Json | undefined> = { ...fields }
  for (const [name, value] of Object.entries(extra)) body[snakeCase(name)] = value
  return Object.fromEntries(
    Object.entries(body).filter(
      (field): field is [string, Json] => field[1] !== undefined && field[1] !== null,
    ),
  )
}
