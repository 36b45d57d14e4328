import { HarnessError } from '../errors/harness-error.ts'
import type {
  FinishReason,
  Message,
  ModelPart,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  Usage,
} from '../ports/index.ts'

/** What one model call gave. */
export interface ModelOutcome {
  readonly answer: Extract<Message, { role: 'assistant' }>
  readonly finishReason: FinishReason
  readonly rawReason?: string
  readonly usage: Usage
}

/** Puts the parts of a stream together and holds the port to its word. */
export class OutcomeBuilder {
  readonly #content: (TextPart | ReasoningPart | ToolCallPart)[] = []
  #callIds: Set<string> | undefined
  #text = ''
  #reasoning = ''
  #reasoningProvider: ReasoningPart['provider']
  #finish: Extract<ModelPart, { type: 'finish' }> | undefined

  add(part: ModelPart): void {
    // An adapter is foreign code: a part may be anything.
    const type: unknown = (part as { readonly type?: unknown } | null | undefined)?.type
    if (this.#finish !== undefined) throw protocolError(`sent ${JSON.stringify(type)} after its finish`)
    switch (part?.type) {
      case 'text-delta':
        this.#closeReasoning()
        this.#text += part.text
        return
      case 'reasoning-delta':
        this.#closeText()
        this.#reasoning += part.text
        this.#reasoningProvider = part.provider
        // What the provider wants to see again belongs to one block, so it ends that block.
        if (part.provider !== undefined) this.#closeReasoning()
        return
      case 'tool-call':
        this.#closeReasoning()
        this.#closeText()
        this.#addCall(part)
        return
      case 'finish':
        this.#finish = part
        return
      default:
        throw protocolError(`sent a part of unknown type ${JSON.stringify(type)}`)
    }
  }

  /** Whether the answer is complete. */
  get finished(): boolean {
    return this.#finish !== undefined
  }

  /** The stream has ended. */
  build(): ModelOutcome {
    const finish = this.#finish
    if (finish === undefined) {
      throw new HarnessError({
        code: 'model/incomplete',
        message: 'The stream of the model ended without a finish; nothing of it is used.',
        retryable: true,
      })
    }
    this.#closeReasoning()
    this.#closeText()
    const { reason, rawReason, usage } = finish
    return {
      answer: { role: 'assistant', content: this.#content },
      finishReason: reason,
      usage,
      ...(rawReason !== undefined && { rawReason }),
    }
  }

  /** Two calls with one id are one call: its result could not be told apart. */
  #addCall(part: ToolCallPart): void {
    this.#callIds ??= new Set()
    if (this.#callIds.has(part.callId)) return
    this.#callIds.add(part.callId)
    this.#content.push(part)
  }

  #closeText(): void {
    if (this.#text !== '') this.#content.push({ type: 'text', text: this.#text.toWellFormed() })
    this.#text = ''
  }

  #closeReasoning(): void {
    if (this.#reasoning === '' && this.#reasoningProvider === undefined) return
    const provider = this.#reasoningProvider
    this.#content.push({
      type: 'reasoning',
      text: this.#reasoning.toWellFormed(),
      ...(provider !== undefined && { provider }),
    })
    this.#reasoning = ''
    this.#reasoningProvider = undefined
  }
}

function protocolError(what: string): HarnessError {
  return new HarnessError({
    code: 'model/malformed',
    message: `The model adapter ${what}; nothing of the answer is used.`,
  })
}
