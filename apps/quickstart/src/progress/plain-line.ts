import type { RunEvent } from '@belay/core'
import { actorOf } from './actor.ts'
import { stepFact } from './progress.ts'

/** A committed event as one line, or nothing when it tells a reader nothing new. */
export function plainLine(event: RunEvent): string | undefined {
  if (!('position' in event)) return undefined
  switch (event.type) {
    case 'step.finished': {
      const fact =
        event.status === 'ok' ? stepFact(event.key, 'value' in event ? event.value : undefined) : undefined
      return `${event.key}: ${event.status === 'ok' ? (fact ?? 'done') : event.error.message}`
    }
    case 'model.finished': {
      const { inputTokens = 0, outputTokens = 0 } = event.label?.usage ?? {}
      const end =
        event.status === 'ok' ? `${inputTokens} tokens in, ${outputTokens} out` : event.error.message
      return `${actorOf(event.key)}: model ${end}`
    }
    case 'tool.finished':
      return `${actorOf(event.key)}: ${event.label?.tool ?? 'tool'}${event.status === 'ok' ? '' : ` failed: ${event.error.message}`}`
    case 'agent.finished':
      return `${actorOf(event.key)}: ${event.status === 'ok' ? 'done' : `failed: ${event.error.message}`}`
    case 'step.retried':
      return `${actorOf(event.key)}: trying again in ${Math.round(event.delayMs)} ms: ${event.error.message}`
    case 'run.suspended':
      return `suspended: ${event.reason}`
    default:
      return undefined
  }
}
