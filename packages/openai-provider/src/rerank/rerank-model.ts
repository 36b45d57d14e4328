import type { Model, RerankRequest, RerankResult, Usage } from '@belay/core/ports'
import { adapterInfo } from '../adapter-info.ts'
import { usageOf } from '../answer/usage.ts'
import { callOnce } from '../call-once.ts'
import type { CallScope } from '../call-scope.ts'
import { record } from '../errors/error-facts.ts'
import { jsonCall, type JsonServer } from '../http/json-call.ts'
import { withoutText } from '../no-text.ts'
import { bodyOf, optionsOf } from '../prompt/provider-options.ts'
import { headerSecrets, requestScope } from '../request-scope.ts'
import { wholeRanking } from './ranking.ts'

/** A model behind a server that ranks at `/rerank`, as vLLM, llama.cpp, Jina and others do. */
export function rerankModel(id: string, server: JsonServer): Model {
  const { provider, modelId } = server
  return {
    info: adapterInfo(id, ['rerank']),
    provider,
    modelId,
    capabilities: ['rerank'],
    generate: withoutText(`${modelId} ranks and writes no text`),
    async rerank(request, { signal }) {
      signal.throwIfAborted()
      if (request.documents.length === 0) return { ranking: [], usage: {} }
      return callOnce(signal, (scope) => rerank(server, request, scope))
    },
  }
}

async function rerank(server: JsonServer, request: RerankRequest, scope: CallScope): Promise<RerankResult> {
  const { provider, modelId } = server
  const { query, documents, topN } = request
  const headers = server.headers()
  const { context } = requestScope(provider, request, headerSecrets(headers))
  const fields = { model: modelId, query, documents, top_n: topN }
  const body = bodyOf(fields, { ...server.providerOptions, ...optionsOf(request, provider) })
  const read = (answer: Readonly<Record<string, unknown>>): RerankResult => ({
    ranking: wholeRanking(answer['results'] ?? answer['data'], request),
    usage: rerankUsage(answer['usage']),
  })
  return jsonCall(server, { path: '/rerank', headers, body, read }, scope, context)
}

/** Most of these servers count in `total_tokens` alone; ranking has no output, so all of it is input. */
function rerankUsage(value: unknown): Usage {
  const usage = usageOf(value)
  return usage.inputTokens === undefined ? usageOf({ input_tokens: record(value)?.['total_tokens'] }) : usage
}
