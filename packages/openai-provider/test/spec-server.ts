import type { Usage } from '@belay/core/ports'
import { APICallError, type LanguageModelV4, type LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { isRefusal, type ModelScript, type ModelScriptAnswer, type ModelScriptStep } from '@belay/testing'
import { MockLanguageModelV4 } from 'ai/test'

/** A model of the AI SDK's specification that plays a script in process, and what it saw. */
export interface SpecServer {
  readonly model: LanguageModelV4
  readonly received: readonly string[]
  openRequests(): number
}

const unified = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  content_filter: 'content-filter',
} as const

/** Behaves as the SDK's provider packages do, faults included: a malformed chunk is an error and then `stop`. */
export function specServer(script: ModelScript): SpecServer {
  const received: string[] = []
  let open = 0
  const model = new MockLanguageModelV4({
    provider: 'spec',
    modelId: 'spec-model',
    doStream: async (options) => {
      const turn = script[received.length]
      const { abortSignal, ...wire } = options
      received.push(JSON.stringify(wire))
      if (!turn) throw new Error('the script is used up')
      if (isRefusal(turn)) throw refusal(turn.refuse, wire)
      if (turn.answer[0]?.do === 'reset') throw resetBefore(wire)
      open += 1
      return {
        stream: streamOf(turn, abortSignal, () => (open -= 1)),
        response: { headers: { 'x-request-id': 'req_test' } },
      }
    },
  })
  return { model, received, openRequests: () => open }
}

function streamOf(
  turn: ModelScriptAnswer,
  signal: AbortSignal | undefined,
  onClose: () => void,
): ReadableStream<LanguageModelV4StreamPart> {
  const steps = [...turn.answer]
  let closed = false
  const close = (): void => {
    if (closed) return
    closed = true
    onClose()
  }
  signal?.addEventListener('abort', close)
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        const step: ModelScriptStep = steps.shift() ?? { do: 'end' }
        if (step.do === 'hang') return new Promise(() => {})
        if (step.do === 'pause')
          return new Promise((resolve) =>
            setTimeout(() => (controller.enqueue({ type: 'ping' }), resolve()), step.ms),
          )
        if (step.do === 'end') return (close(), controller.close())
        if (step.do === 'reset')
          return (close(), controller.error(new TypeError('terminated', { cause: { code: 'ECONNRESET' } })))
        for (const part of partsOf(step)) controller.enqueue(part)
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  )
}

function partsOf(
  step: Exclude<ModelScriptStep, { do: 'hang' | 'pause' | 'end' | 'reset' }>,
): LanguageModelV4StreamPart[] {
  switch (step.do) {
    case 'text':
      return [{ type: 'text-delta', id: '0', delta: step.text }]
    case 'reasoning':
      return [{ type: 'reasoning-delta', id: '0', delta: step.text }]
    case 'tool-call':
      return [{ type: 'tool-call', toolCallId: step.callId, toolName: step.name, input: step.arguments }]
    case 'malformed':
      return [
        {
          type: 'error',
          error: Object.assign(new Error('JSON parsing failed'), { name: 'AI_JSONParseError', text: '{"id' }),
        },
        { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage: usageOf({}) },
      ]
    case 'finish':
      return [
        {
          type: 'finish',
          finishReason: { unified: unified[step.reason], raw: step.reason },
          usage: usageOf(step.usage ?? {}),
        },
      ]
  }
}

function usageOf(usage: Usage) {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage
  return {
    inputTokens: {
      total: inputTokens,
      noCache: undefined,
      cacheRead: cachedInputTokens,
      cacheWrite: undefined,
    },
    outputTokens: { total: outputTokens, text: undefined, reasoning: reasoningTokens },
  }
}

const codes = { 'context-length': 'context_length_exceeded', 'content-filter': 'content_filter' }

function refusal(
  {
    status,
    headers,
    cause,
    message = 'The request was refused.',
  }: Extract<ModelScript[number], { refuse: unknown }>['refuse'],
  requestBodyValues: unknown,
): APICallError {
  const data = { error: { message, ...(cause && { code: codes[cause] }) } }
  const responseHeaders = { 'x-request-id': 'req_test', ...headers }
  const responseBody = JSON.stringify(data)
  return new APICallError({
    message,
    url: 'http://spec',
    requestBodyValues,
    statusCode: status,
    responseHeaders,
    responseBody,
    data,
  })
}

function resetBefore(requestBodyValues: unknown): APICallError {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  return new APICallError({
    message: 'Cannot connect to API: read ECONNRESET',
    url: 'http://spec',
    requestBodyValues,
    cause,
    isRetryable: true,
  })
}
