import type { Budget } from '../../src/define/budget.ts'
import type { AskRecord } from '../../src/history/event.ts'
import { epoch } from './sim-process.ts'
import type { World } from './world.ts'

/** What is wrong with an effect that begins, by the rules of deferred retries and of the budget. */
export function parkedFaults(world: World, key: string, spends: boolean): string[] {
  const { entries, effects, sim, workflow } = world
  const of = (type: string) =>
    entries.filter((entry) => entry.type === type && (entry.data as unknown as AskRecord).key === key)
  const faults: string[] = []
  const { dueAt = 0 } = (of('step.retried').at(-1)?.data ?? {}) as { dueAt?: number }
  if (epoch + sim.now < dueAt) faults.push(`a deferred retry before its time: ${key}`)
  if (!spends || workflow.budget === undefined) return faults
  if (of('budget.reserved').length < effects.filter((effect) => effect.key === key).length)
    faults.push(`a call without a reservation: ${key}`)
  const used = effects.reduce((sum, effect) => sum + effect.used, 0)
  const { tokens, modelCalls } = allowed(world)
  if (used > tokens) faults.push(`${used} tokens of ${tokens}`)
  const calls = entries.filter(({ type }) => type === 'budget.reserved').length
  if (calls > modelCalls) faults.push(`${calls} calls of ${modelCalls}`)
  return faults
}

/** What operators have allowed, by the commands themselves. */
function allowed({ inbox, workflow }: World): Required<Pick<Budget, 'tokens' | 'modelCalls'>> {
  let { tokens = Infinity, modelCalls = Infinity } = workflow.budget ?? {}
  for (const { type, data } of inbox) {
    if (type !== 'command.extend') continue
    const more = data as unknown as Budget
    tokens += more.tokens ?? 0
    modelCalls += more.modelCalls ?? 0
  }
  return { tokens, modelCalls }
}
