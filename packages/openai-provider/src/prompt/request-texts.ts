import type { EmbedRequest, Json, ModelRequest, RerankRequest } from '@belay/core/ports'

/** Any request of the port. */
export type AnyRequest = ModelRequest | EmbedRequest | RerankRequest

/** Every text of a request that a provider could quote. File data is left out: it is recognised by its looks. */
export function* requestTexts(request: AnyRequest): Generator<string, void, undefined> {
  if ('values' in request) return yield* request.values
  if ('query' in request) {
    yield request.query
    return yield* request.documents
  }
  for (const message of request.messages) {
    if (message.role === 'system') {
      yield message.content
      continue
    }
    for (const part of message.content) {
      if (part.type === 'text' || part.type === 'reasoning') yield part.text
      else if (part.type === 'tool-call') yield part.arguments
      else if (part.type === 'tool-result') yield* jsonTexts(part.output)
      else if (part.name) yield part.name
    }
  }
  for (const tool of request.tools ?? []) yield tool.description
}

/** The value as one text and each of its strings, since a quotation may be of either. */
function* jsonTexts(value: Json): Generator<string, void, undefined> {
  if (typeof value === 'string') yield value
  else {
    const texts: string[] = []
    yield JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'string' ? (texts.push(item), item) : item,
    )
    yield* texts
  }
}
