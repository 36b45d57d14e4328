import type { Budget, TokenPrices } from '@belay/core'
import { UsageError } from './usage-error.ts'

/** The words of the command line for what a budget counts. */
const limits = { tokens: 'tokens', usd: 'costUsd', calls: 'modelCalls' } as const

type Word = keyof typeof limits

const words = Object.keys(limits) as readonly Word[]

/** Reads `tokens=200000,usd=0.50,calls=40`, or a part of it. Throws `UsageError`. */
export function parseBudget(option: string, text: string): Budget {
  const given = parsePairs(option, text, words)
  for (const word of ['tokens', 'calls'] as const) {
    const value = given[word]
    if (value !== undefined && !Number.isSafeInteger(value))
      throw new UsageError(`${option}: ${word} is a whole number.`)
  }
  if (Object.values(given).some((value) => value <= 0))
    throw new UsageError(`${option}: each limit is above 0.`)
  return Object.fromEntries(Object.entries(given).map(([word, value]) => [limits[word as Word], value]))
}

/** Writes a budget as `parseBudget` reads it. */
export function budgetText(budget: Budget): string {
  return words
    .flatMap((word) => (budget[limits[word]] === undefined ? [] : [`${word}=${budget[limits[word]]}`]))
    .join(',')
}

/** Reads `in=0.25,out=2,cached=0.025`, US dollars per million tokens. Throws `UsageError`. */
export function parsePrices(text: string): TokenPrices {
  const given = parsePairs('--prices', text, ['in', 'out', 'cached'])
  const { in: input, out: output, cached } = given
  if (input === undefined || output === undefined)
    throw new UsageError('--prices needs in and out, such as --prices in=0.25,out=2,cached=0.025.')
  return {
    inputUsdPerMTok: input,
    outputUsdPerMTok: output,
    ...(cached !== undefined && { cachedInputUsdPerMTok: cached }),
  }
}

/** Writes prices as `parsePrices` reads them. */
export function pricesText(prices: TokenPrices): string {
  const { inputUsdPerMTok, outputUsdPerMTok, cachedInputUsdPerMTok: cached } = prices
  return [
    `in=${inputUsdPerMTok}`,
    `out=${outputUsdPerMTok}`,
    ...(cached === undefined ? [] : [`cached=${cached}`]),
  ].join(',')
}

function parsePairs<Name extends string>(
  option: string,
  text: string,
  names: readonly Name[],
): Partial<Record<Name, number>> {
  const pairs: Partial<Record<Name, number>> = {}
  for (const pair of text.split(',')) {
    const [name = '', value = '', ...more] = pair.split('=').map((part) => part.trim())
    const known = names.find((each) => each === name)
    const isNumber = /^\d+(\.\d+)?$/.test(value) && more.length === 0
    if (known === undefined || !isNumber || pairs[known] !== undefined) {
      throw new UsageError(
        `${option}: ${JSON.stringify(pair)} is not valid. Use some of ${names.map((each) => `${each}=…`).join(',')}, each once.`,
      )
    }
    pairs[known] = Number(value)
  }
  return pairs
}
