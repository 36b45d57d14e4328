import type { Attributes } from '@opentelemetry/api'
import type { ResultEntry } from '../history/fold.ts'

/** Counts of a whole run, over all its attempts, as `runs.summary` gives them. */
export class RunTotals {
  readonly #counts: Record<string, number> = {}

  constructor(before: readonly Pick<ResultEntry, 'type' | 'data'>[]) {
    for (const result of before) this.add(result)
  }

  add({ type, data }: Pick<ResultEntry, 'type' | 'data'>): void {
    const name = names[type]
    if (name !== undefined) this.#count(name, 1)
    const { inputTokens = 0, outputTokens = 0 } = data.label?.usage ?? {}
    this.#count('belay.run.input_tokens', inputTokens)
    this.#count('belay.run.output_tokens', outputTokens)
  }

  /** Under names of our own: usage under those of the conventions is on the spans of model calls alone. */
  attributes(): Attributes {
    return { ...this.#counts }
  }

  #count(name: string, by: number): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by
  }
}

const names: Readonly<Partial<Record<ResultEntry['type'], string>>> = {
  'step.finished': 'belay.run.steps',
  'model.finished': 'belay.run.model_calls',
  'tool.finished': 'belay.run.tool_calls',
  'agent.finished': 'belay.run.agent_calls',
}
