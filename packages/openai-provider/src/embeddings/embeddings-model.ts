import { malformedAnswer, type EmbedRequest, type EmbedResult, type Model } from '@belay/core/ports'
import { adapterInfo } from '../adapter-info.ts'
import { usageOf } from '../answer/usage.ts'
import { callOnce } from '../call-once.ts'
import type { CallScope } from '../call-scope.ts'
import { unsupportedError } from '../errors/answer-error.ts'
import { record } from '../errors/error-facts.ts'
import { jsonCall, type JsonServer } from '../http/json-call.ts'
import { withoutText } from '../no-text.ts'
import { bodyOf, optionsOf } from '../prompt/provider-options.ts'
import { headerSecrets, requestScope } from '../request-scope.ts'
import { wholeVectors } from './vectors.ts'

/** OpenAI refuses more inputs than this; servers that take fewer say so in `maxEmbedValues`. */
const maxValues = 2_048

/** A model behind a server of the embeddings protocol. */
export function embeddingsModel(
  id: string,
  server: JsonServer & { readonly maxEmbedValues?: number | undefined },
): Model {
  const { provider, modelId, maxEmbedValues = maxValues } = server
  return {
    info: adapterInfo(id, ['embeddings']),
    provider,
    modelId,
    capabilities: ['embeddings'],
    maxEmbedValues,
    generate: withoutText(`${modelId} embeds and writes no text`),
    async embed(request, { signal }) {
      signal.throwIfAborted()
      if (request.values.length === 0) return { embeddings: [], usage: {} }
      if (request.values.length > maxEmbedValues)
        throw unsupportedError(`${modelId} takes at most ${maxEmbedValues} values at once`)
      return callOnce(signal, (scope) => embed(server, request, scope))
    },
  }
}

async function embed(server: JsonServer, request: EmbedRequest, scope: CallScope): Promise<EmbedResult> {
  const { provider, modelId } = server
  const headers = server.headers()
  const { context } = requestScope(provider, request, headerSecrets(headers))
  const fields = {
    model: modelId,
    input: request.values,
    encoding_format: 'float',
    dimensions: request.dimensions,
  }
  const body = bodyOf(fields, { ...server.providerOptions, ...optionsOf(request, provider) })
  const read = (answer: Readonly<Record<string, unknown>>): EmbedResult => ({
    embeddings: vectorsOf(answer['data'], request.values.length),
    usage: usageOf(answer['usage']),
  })
  return jsonCall(server, { path: '/embeddings', headers, body, read }, scope, context)
}

/** In the order of the values: by the number that each vector has, whatever the order of the answer. */
function vectorsOf(data: unknown, count: number): readonly (readonly number[])[] {
  if (!Array.isArray(data)) throw malformedAnswer('it has no data')
  const vectors = new Map<number, unknown>()
  data.forEach((value, place) => {
    const item = record(value)
    const index = item?.['index'] ?? place
    if (!item || !Number.isInteger(index) || vectors.has(index as number))
      throw malformedAnswer('a vector has no place of its own')
    vectors.set(index as number, item['embedding'])
  })
  if (vectors.size !== count) throw malformedAnswer('it has not one vector for each value')
  return wholeVectors(
    Array.from({ length: count }, (_, index) => vectors.get(index)),
    count,
  )
}
