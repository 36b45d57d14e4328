import { findInvalid, type FieldRule } from '../define/check.ts'
import type { TokenPrices } from '../define/budget.ts'
import type { EmbedRequest, ModelRequest, RerankRequest } from '../ports/index.ts'
import type { CallEstimate } from '../run/definition.ts'
import type { ResolvedModel } from './registry.ts'

const priceRules = {
  inputUsdPerMTok: 'price',
  outputUsdPerMTok: 'price',
  cachedInputUsdPerMTok: 'price',
} as const satisfies Record<keyof TokenPrices, FieldRule>

/** Finds what is wrong with the prices of an alias and tells `refuse`. */
export function checkPrices(
  prices: TokenPrices | undefined,
  refuse: (field: string, why: string) => never,
): void {
  if (prices === undefined) return
  const given: Readonly<Record<string, unknown>> = { ...prices }
  const missing = (['inputUsdPerMTok', 'outputUsdPerMTok'] as const).find((name) => given[name] === undefined)
  if (missing !== undefined) refuse(`prices.${missing}`, 'it is missing')
  const found = findInvalid(given, priceRules)
  if (found !== undefined) refuse(`prices.${found.field}`, found.why)
}

/** What a request for an answer can use at most, before it is made. */
export function estimateGenerate(resolved: ResolvedModel, request: ModelRequest): CallEstimate {
  const { model, settings } = resolved
  const inputTokens = model.maxInputTokens?.(request) ?? bytesOf(request)
  const outputTokens =
    request.settings?.maxOutputTokens ?? settings.maxOutputTokens ?? model.maxOutputTokens ?? undefined
  return {
    ...pricesOf(resolved),
    calls: 1,
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
  }
}

/** What embedding can use at most, in as many requests as the model's limit asks for. */
export function estimateEmbed(resolved: ResolvedModel, { values }: EmbedRequest): CallEstimate {
  const calls = Math.ceil(values.length / Math.max(1, resolved.model.maxEmbedValues ?? Infinity))
  return { ...pricesOf(resolved), calls: Math.max(1, calls), inputTokens: bytes(values), outputTokens: 0 }
}

/** What ranking can use at most: a model reads the query once for each document. */
export function estimateRerank(resolved: ResolvedModel, { query, documents }: RerankRequest): CallEstimate {
  const inputTokens = bytes(documents) + bytes(query) * Math.max(1, documents.length)
  return { ...pricesOf(resolved), calls: 1, inputTokens, outputTokens: 0 }
}

function pricesOf({ alias, prices }: ResolvedModel): Pick<CallEstimate, 'model' | 'prices'> {
  return { model: alias, ...(prices !== undefined && { prices }) }
}

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

/**
 * A token of text stands for at least one byte, so the bytes of everything that is sent bound the tokens from
 * above; the JSON around the texts covers what frames them. What a picture or a document costs has nothing to do
 * with its bytes, so a request with files has no such bound.
 */
function bytesOf(request: ModelRequest): number | undefined {
  const hasFiles = request.messages.some(
    ({ role, content }) => role === 'user' && content.some((part) => part.type === 'file'),
  )
  return hasFiles ? undefined : bytes(request)
}
