import type { JsonObject, ModelRequest } from '@belay/core/ports'
import { record } from '../errors/error-facts.ts'

/** The options of a request that are meant for one provider. */
export function optionsOf(request: ModelRequest, provider: string): JsonObject {
  return (record(request.providerOptions?.[provider]) ?? {}) as JsonObject
}
