import type { ServableEvent } from './servable.ts'

/** Sends one progress notification. Waiting for it slows this reader down, which the run does not feel. */
export type SendProgress = (progress: number, message: string) => Promise<void>

/** Text comes in many small pieces; a client is told about it this often at most. */
const textEveryMs = 250

/**
 * Tells a client what a run does: names of models, tools and steps, and how much text there is, never what it says.
 * Progress only grows.
 */
export class CallProgress {
  readonly #send: SendProgress
  #count = 0
  #units = 0
  #textSentAt = 0

  constructor(send: SendProgress) {
    this.#send = send
  }

  async event(event: ServableEvent): Promise<void> {
    const message = event.type === 'model.delta' ? this.#text(event) : messageOf(event)
    if (message !== undefined) await this.#send(++this.#count, message)
  }

  #text(event: ServableEvent): string | undefined {
    const { text } = event as { readonly text?: string }
    this.#units += text?.length ?? 0
    const now = performance.now()
    if (now - this.#textSentAt < textEveryMs) return undefined
    this.#textSentAt = now
    return `writing, ${this.#units} characters`
  }
}

/** The events that a client is told about. */
function messageOf(event: ServableEvent): string | undefined {
  const facts = event as {
    readonly key?: string
    readonly tool?: string
    readonly model?: string
    readonly agent?: string
    readonly label?: { readonly tool?: string; readonly agent?: string }
  }
  const { key, tool, model, agent, label } = facts
  switch (event.type) {
    case 'run.started':
      return 'started'
    case 'run.resumed':
      return 'goes on'
    case 'run.suspended':
      return 'waiting'
    case 'agent.started':
      return `agent ${agent ?? ''} started`
    case 'agent.finished':
      return `agent ${label?.agent ?? ''} finished`
    case 'model.started':
      return `model ${model ?? ''} started`
    case 'tool.started':
      return `tool ${tool ?? ''} started`
    case 'tool.finished':
      return `tool ${label?.tool ?? ''} finished`
    case 'step.finished':
      return `step ${key ?? ''} finished`
    case 'approval.requested':
      return 'waiting for an approval'
    default:
      return undefined
  }
}
