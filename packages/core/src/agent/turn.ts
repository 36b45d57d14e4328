import { HarnessError, type HarnessErrorInit } from '../errors/harness-error.ts'
import type { TurnRecord } from '../history/conversation.ts'

/**
 * Refuses a turn that is no answer. An answer that was cut off, filtered or refused is never passed on as if
 * it were complete.
 */
export function usableTurn(agent: string, turn: TurnRecord): TurnRecord {
  const failure = failureOf(agent, turn)
  if (failure === undefined) return turn
  const meta = {
    agent,
    finishReason: turn.finishReason,
    ...(turn.rawReason !== undefined && { rawReason: turn.rawReason }),
  }
  throw new HarnessError({ ...failure, meta })
}

function failureOf(
  agent: string,
  { finishReason }: TurnRecord,
): Pick<HarnessErrorInit, 'code' | 'message'> | undefined {
  switch (finishReason) {
    case 'stop':
    case 'tool_calls':
    case 'pause':
      return undefined
    case 'length':
      return {
        code: 'model/length',
        message: `The answer of agent "${agent}" was cut off at the output limit. Raise settings.maxOutputTokens.`,
      }
    case 'context_limit':
      return {
        code: 'model/context-length',
        message: `The conversation of agent "${agent}" no longer fits into the model's window. Use a smaller historyWindow.`,
      }
    case 'refusal':
      return {
        code: 'agent/refusal',
        message: `The model of agent "${agent}" refused to answer. Look at its instructions and the input, or use another model.`,
      }
    case 'content_filter':
      return {
        code: 'model/content-filter',
        message: `The provider's filter stopped the answer of agent "${agent}". Look at the input, or agree on another filter.`,
      }
    default:
      return {
        code: 'model/malformed',
        message: `The model of agent "${agent}" ended with "${finishReason}" instead of an answer. Check that its adapter speaks the protocol of its server.`,
      }
  }
}
