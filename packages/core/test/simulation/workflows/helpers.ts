import type { ResultData } from '../../../src/history/event.ts'
import type { EffectBody } from '../sim-context.ts'
import type { World } from '../world.ts'

/** An effect that fails its first times. */
export function failing(times: number): EffectBody {
  return (before) => {
    if (before < times) throw new Error('boom')
    return `ok${times}`
  }
}

/** The key whose success was recorded first. */
export function firstOf(world: World, ...keys: string[]): string {
  const results = world.entries.map(({ data }) => data as unknown as ResultData)
  return results.find((data) => data.status === 'ok' && keys.includes(data.key))?.key ?? 'none'
}

/** Message of what was thrown. */
export const messageOf = (error: unknown): string => (error as Error).message

/** Code of what was thrown. */
export const codeOf = (error: unknown): string => (error as { code?: string }).code ?? ''

/** How each of several promises ended. */
export const outcomes = (all: readonly PromiseSettledResult<unknown>[]): string =>
  all.map((one) => one.status).join(',')
