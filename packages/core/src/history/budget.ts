import type { Budget, TokenPrices } from '../define/budget.ts'
import type { Entry, Usage } from '../ports/index.ts'
import type { CommittedEvents } from './event.ts'

/** What calls have used or may use. Money is counted in whole billionths of a dollar, so that sums are exact. */
export interface Amounts {
  readonly tokens: number
  readonly nanoUsd: number
  readonly calls: number
}

/** The upper bound of one attempt of a call, before it is made. */
export interface CallBound {
  /** Requests of the attempt. */
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly prices?: TokenPrices
}

const nothing: Amounts = { tokens: 0, nanoUsd: 0, calls: 0 }

/** Dollars as whole billionths. */
export const toNanoUsd = (usd: number): number => Math.round(usd * 1e9)

/**
 * What one attempt costs at most. A cached token may cost more than a fresh one where an alias says so, hence the
 * higher of both prices.
 */
export function boundAmounts({ calls, inputTokens, outputTokens, prices }: CallBound): Amounts {
  const input = Math.max(prices?.inputUsdPerMTok ?? 0, prices?.cachedInputUsdPerMTok ?? 0)
  const output = prices?.outputUsdPerMTok ?? 0
  return {
    tokens: inputTokens + outputTokens,
    nanoUsd: Math.ceil((inputTokens * input + outputTokens * output) * 1_000),
    calls,
  }
}

/** What an answered call has used. A count that the provider did not give stays at its bound. */
function usedAmounts(bound: CallBound, usage: Usage): Amounts {
  const input = usage.inputTokens ?? bound.inputTokens
  const output = usage.outputTokens ?? bound.outputTokens
  const { prices, calls } = bound
  if (prices === undefined) return { tokens: input + output, nanoUsd: 0, calls }
  const cached = Math.min(input, usage.cachedInputTokens ?? 0)
  const cachedPrice = prices.cachedInputUsdPerMTok ?? prices.inputUsdPerMTok
  const inputPrice =
    usage.inputTokens === undefined ? Math.max(prices.inputUsdPerMTok, cachedPrice) : prices.inputUsdPerMTok
  const usd = (input - cached) * inputPrice + cached * cachedPrice + output * prices.outputUsdPerMTok
  return { tokens: input + output, nanoUsd: Math.ceil(usd * 1_000), calls }
}

/**
 * The account of one run: a fold over its entries. A reservation is open from `budget.reserved` until the call is
 * answered, and then what was used takes its place. One whose call failed, was tried again or died with its process
 * is spent in full: nobody knows what the provider counted.
 */
export class BudgetAccount {
  #limits: Budget
  #spent = nothing
  readonly #open = new Map<string, CallBound>()

  constructor(limits: Budget) {
    this.#limits = limits
  }

  /** With what extensions have added. */
  get limits(): Budget {
    return this.#limits
  }

  get spent(): Amounts {
    return this.#spent
  }

  /** Calls in flight, at their bounds. */
  get reserved(): Amounts {
    return [...this.#open.values()].map(boundAmounts).reduce(plus, nothing)
  }

  /** Whether one more call stays within the limits, whatever those in flight will use. */
  fits(call: Amounts): boolean {
    const { tokens, nanoUsd, calls } = this.#over(call)
    return tokens <= 0 && nanoUsd <= 0 && calls <= 0
  }

  /** How much higher the limits must be for one more call to fit. */
  missing(call: Amounts): Budget {
    const { tokens, nanoUsd, calls } = this.#over(call)
    return positive({ tokens, costUsd: nanoUsd / 1e9, modelCalls: calls })
  }

  #over(call: Amounts): Amounts {
    const all = plus(plus(this.#spent, this.reserved), call)
    const { tokens = Infinity, costUsd = Infinity, modelCalls = Infinity } = this.#limits
    return {
      tokens: all.tokens - tokens,
      nanoUsd: all.nanoUsd - toNanoUsd(costUsd),
      calls: all.calls - modelCalls,
    }
  }

  /** An attempt is about to be made; an earlier one of its step did not come back. */
  reserve(key: string, bound: CallBound): void {
    this.lose(key)
    this.#open.set(key, bound)
  }

  /** A call was answered. */
  settle(key: string, usage: Usage): void {
    const bound = this.#open.get(key)
    if (bound === undefined) return
    this.#open.delete(key)
    this.#spent = plus(this.#spent, usedAmounts(bound, usage))
  }

  /** A call failed. */
  lose(key: string): void {
    const bound = this.#open.get(key)
    if (bound === undefined) return
    this.#open.delete(key)
    this.#spent = plus(this.#spent, boundAmounts(bound))
  }

  /** The process that made the calls in flight has let go of the run. */
  loseAll(): void {
    for (const key of [...this.#open.keys()]) this.lose(key)
  }

  /** Adds to the limits. What has no limit keeps none. */
  extend(more: Budget): void {
    const limits: Record<string, number> = { ...this.#limits }
    for (const name of ['tokens', 'costUsd', 'modelCalls', 'wallMs'] as const) {
      const limit = limits[name]
      if (limit !== undefined) limits[name] = sum(limit, more[name] ?? 0)
    }
    this.#limits = limits
  }

  /** Takes an entry of the run into account, also one that a resume has voided: what is spent stays spent. */
  apply({ type, data }: Pick<Entry, 'type' | 'data'>): void {
    switch (type as keyof CommittedEvents) {
      case 'budget.reserved': {
        const { key, calls, inputTokens, outputTokens, prices } =
          data as unknown as CommittedEvents['budget.reserved']
        return this.reserve(key, {
          calls,
          inputTokens,
          outputTokens,
          ...(prices !== undefined && { prices }),
        })
      }
      case 'budget.extended':
        return this.extend(data as unknown as CommittedEvents['budget.extended'])
      case 'model.finished': {
        const { key, status, label } = data as unknown as CommittedEvents['model.finished']
        return status === 'ok' ? this.settle(key, label?.usage ?? {}) : this.lose(key)
      }
      case 'step.retried':
        return this.lose((data as unknown as CommittedEvents['step.retried']).key)
      case 'run.resumed':
      case 'run.suspended':
      case 'run.finished':
        return this.loseAll()
      default:
    }
  }
}

function plus(left: Amounts, right: Amounts): Amounts {
  return {
    tokens: left.tokens + right.tokens,
    nanoUsd: left.nanoUsd + right.nanoUsd,
    calls: left.calls + right.calls,
  }
}

/** Those limits that something is missing of. */
function positive(amounts: Required<Omit<Budget, 'wallMs'>>): Budget {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount > 0))
}

/** Limits are decimal numbers that people write: 0.1 and 0.2 make 0.3. */
function sum(left: number, right: number): number {
  return Math.round((left + right) * 1e9) / 1e9
}
