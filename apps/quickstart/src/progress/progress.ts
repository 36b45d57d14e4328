import type { RunEvent } from '@belay/core'
import { actorOf } from './actor.ts'

/** The parts of the job in order. */
export const stages = ['survey', 'plan', 'read', 'write', 'verify', 'save'] as const

export type Stage = (typeof stages)[number]

/** Everything that a view of the run shows; a fold of its events. */
export class Progress {
  readonly done = new Set<Stage>()
  /** Facts of a stage, once it is done. */
  readonly facts = new Map<Stage, string>()
  /** What each agent does at this moment. */
  readonly activities = new Map<string, string>()
  tokensIn = 0
  tokensOut = 0
  steps = 0
  questions: number | undefined
  answered = 0

  apply(event: RunEvent): void {
    switch (event.type) {
      case 'model.started':
        this.activities.set(actorOf(event.key), 'thinking')
        return
      case 'tool.started':
        this.activities.set(actorOf(event.key), event.tool)
        return
      case 'model.delta':
        this.activities.set(actorOf(event.key), 'answering')
        return
      case 'model.finished':
        if (!('position' in event)) return
        this.tokensIn += event.label?.usage?.inputTokens ?? 0
        this.tokensOut += event.label?.usage?.outputTokens ?? 0
        this.steps++
        return
      case 'tool.finished':
        if (!('position' in event)) return
        this.steps++
        if (event.key === 'write' && event.status === 'ok') this.done.add('save')
        return
      case 'step.finished':
        this.steps++
        if (event.status === 'ok') this.#stepFinished(event.key, 'value' in event ? event.value : undefined)
        return
      case 'agent.finished':
        this.activities.delete(actorOf(event.key))
        if (event.status === 'ok') this.#agentFinished(event.key, 'value' in event ? event.value : undefined)
        return
      case 'fanout.finished':
        if (event.status === 'ok') this.done.add('read')
        return
      default:
    }
  }

  /** The first stage that is not done. */
  get current(): Stage | undefined {
    return stages.find((stage) => !this.done.has(stage))
  }

  #stepFinished(key: string, value: unknown): void {
    const stage = key === 'write' ? 'save' : key === 'survey' || key === 'verify' ? key : undefined
    if (stage === undefined) return
    this.done.add(stage)
    const fact = stepFact(key, value)
    if (fact !== undefined) this.facts.set(stage, fact)
  }

  #agentFinished(key: string, value: unknown): void {
    if (key === 'planner') {
      this.done.add('plan')
      this.questions = lengthOf(value, 'questions')
      if (this.questions !== undefined) this.facts.set('plan', `${this.questions} sub-questions`)
    }
    if (key.startsWith('read/')) this.answered++
    if (key === 'writer') this.done.add('write')
    if (this.questions !== undefined) this.facts.set('read', `${this.answered} of ${this.questions} answered`)
  }
}

/** What a finished step says about itself; large results are stored elsewhere and say nothing here. */
export function stepFact(key: string, value: unknown): string | undefined {
  if (key === 'survey') {
    const documents = lengthOf(value, 'documents')
    const notes = lengthOf(value, 'notes') ?? 0
    if (documents === undefined) return undefined
    return `${documents} document${documents === 1 ? '' : 's'}${notes > 0 ? `, ${notes} note${notes === 1 ? '' : 's'}` : ''}`
  }
  if (key === 'verify') {
    const kept = (value as { kept?: unknown } | undefined)?.kept
    const removed = lengthOf(value, 'removed')
    return typeof kept === 'number' && removed !== undefined
      ? `${kept} citations hold, ${removed} removed`
      : undefined
  }
  return key === 'write' && typeof value === 'string' ? value : undefined
}

function lengthOf(value: unknown, field: string): number | undefined {
  const list = (value as Readonly<Record<string, unknown>> | null | undefined)?.[field]
  return Array.isArray(list) ? list.length : undefined
}
