import type { JsonObject, RankedDocument, Usage } from '@belay/core/ports'
import type { ModelScriptAnswer, ModelScriptRefusal, ModelScriptStep } from './model-script.ts'
import type { ModelScriptEmbeddings, ModelScriptRanking } from './vector-script.ts'

/** A turn that answers with text and stops. */
export function textTurn(text: string, usage?: Usage): ModelScriptAnswer {
  return { answer: [{ do: 'text', text }, finishStep('stop', usage)] }
}

/** A call of a tool in a scripted turn. */
export interface ScriptedToolCall {
  readonly name: string
  /** An object is written as JSON; a string is taken as the model wrote it. */
  readonly arguments: JsonObject | string
  /** Default: `call-1`, `call-2` and so on in the turn. */
  readonly callId?: string
}

/** A turn that asks for tool calls. */
export function toolCallTurn(calls: readonly ScriptedToolCall[], usage?: Usage): ModelScriptAnswer {
  const steps = calls.map((call, index): ModelScriptStep => ({
    do: 'tool-call',
    callId: call.callId ?? `call-${index + 1}`,
    name: call.name,
    arguments: typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
  }))
  return { answer: [...steps, finishStep('tool_calls', usage)] }
}

/** A turn that the provider refuses. */
export function refusalTurn(
  status: number,
  rest: Omit<ModelScriptRefusal['refuse'], 'status'> = {},
): ModelScriptRefusal {
  return { refuse: { status, ...rest } }
}

/** A turn that answers an `embed` with one vector for each value. */
export function embeddingsTurn(
  embeddings: readonly (readonly number[])[],
  usage?: Usage,
): ModelScriptEmbeddings {
  return { embeddings, ...(usage !== undefined && { usage }) }
}

/** A turn that answers a `rerank`, best first. */
export function rankingTurn(ranking: readonly RankedDocument[], usage?: Usage): ModelScriptRanking {
  return { ranking, ...(usage !== undefined && { usage }) }
}

function finishStep(reason: 'stop' | 'tool_calls', usage: Usage | undefined): ModelScriptStep {
  return { do: 'finish', reason, ...(usage === undefined ? {} : { usage }) }
}
