import assert from 'node:assert/strict'
import { isCodedError, modelErrorCodes } from '@belay/core/ports'
import type { PortError } from '@belay/core/ports'
import type { ModelScriptStep, ModelScriptTurn } from '../model/model-script.ts'
import { refusalTurn, textTurn } from '../model/script-turns.ts'
import type { ModelSubject } from '../model/model-subject.ts'
import { collect, requestOf } from './model-case.ts'
import type { ModelCase, Collected } from './model-case.ts'

const promptCanary = 'prompt-canary-5d1f'
const answerCanary = 'answer-canary-8e2c'
const text: ModelScriptStep = { do: 'text', text: answerCanary }

interface Expected {
  readonly code: string
  readonly retryable: boolean
}

/** One call that must fail in this way, without a second request and without content in the error. */
async function failsWith(
  { model, received }: ModelSubject,
  expected: Expected,
): Promise<Collected & { failure: PortError }> {
  const collected = await collect(model, requestOf(promptCanary))
  const { error } = collected
  assert.ok(error !== undefined, `expected ${expected.code}, but the stream ended well`)
  if (!isCodedError(error))
    throw assert.fail(
      `expected ${expected.code}, got ${error instanceof Error ? error.message : typeof error}`,
    )
  assert.equal(error.code, expected.code)
  assert.equal(error.retryable, expected.retryable, 'retryable')
  assert.equal(received().length, 1, 'one call makes one request')
  const shown = JSON.stringify([error.message, error.meta])
  for (const canary of [promptCanary, answerCanary])
    assert.ok(!shown.includes(canary), `${canary} is in the error`)
  return { ...collected, failure: error as PortError }
}

const refusals: readonly (readonly [number, string, boolean])[] = [
  [400, modelErrorCodes.badRequest, false],
  [401, modelErrorCodes.auth, false],
  [403, modelErrorCodes.auth, false],
  [404, modelErrorCodes.badRequest, false],
  [408, modelErrorCodes.timeout, true],
  [409, modelErrorCodes.server, true],
  [422, modelErrorCodes.badRequest, false],
  [429, modelErrorCodes.rateLimit, true],
  [500, modelErrorCodes.server, true],
  [502, modelErrorCodes.server, true],
  [503, modelErrorCodes.server, true],
  [504, modelErrorCodes.timeout, true],
]

const refusalCases = refusals.map(([status, code, retryable]): ModelCase => ({
  title: `refusal: ${status} is ${code}, ${retryable ? 'retryable' : 'final'}, after one request`,
  // The second turn is what an adapter that tries again would get.
  script: [refusalTurn(status, { message: 'refused' }), textTurn('a retry')],
  run: async (subject) => {
    const { failure, parts } = await failsWith(subject, { code, retryable })
    assert.equal(failure.meta['status'], status)
    assert.deepEqual(parts, [])
  },
}))

function brokenCase(title: string, answer: readonly ModelScriptStep[], expected: Expected): ModelCase {
  const isTextFirst = answer[0]?.do === 'text'
  const script: readonly ModelScriptTurn[] = [{ answer }, textTurn('a retry')]
  return {
    title,
    script,
    run: async (subject) => {
      const { text: seen } = await failsWith(subject, expected)
      assert.equal(seen, isTextFirst ? answerCanary : '', 'what came before the fault is passed on')
    },
  }
}

const { incomplete, malformed, network } = modelErrorCodes

/** Providers that refuse, break off or talk nonsense. */
export const modelFaultCases: readonly ModelCase[] = [
  ...refusalCases,
  {
    title: 'refusal: the time that the provider names is in retryAfterMs',
    script: [refusalTurn(429, { headers: { 'retry-after': '2' } })],
    run: async (subject) => {
      const { failure } = await failsWith(subject, { code: modelErrorCodes.rateLimit, retryable: true })
      assert.equal(failure.meta['retryAfterMs'], 2_000)
    },
  },
  {
    title: 'refusal: the request id of the provider is kept',
    script: [refusalTurn(500, { headers: { 'x-request-id': 'req-77' } })],
    run: async (subject) => {
      const { failure } = await failsWith(subject, { code: modelErrorCodes.server, retryable: true })
      assert.equal(failure.meta['requestId'], 'req-77')
    },
  },
  {
    title: 'refusal: a prompt that does not fit is model/context-length',
    script: [refusalTurn(400, { cause: 'context-length', message: 'too long' })],
    run: async (subject) => {
      await failsWith(subject, { code: modelErrorCodes.contextLength, retryable: false })
    },
  },
  {
    title: 'refusal: a filter that stops the call is model/content-filter',
    script: [refusalTurn(400, { cause: 'content-filter', message: 'filtered' })],
    run: async (subject) => {
      await failsWith(subject, { code: modelErrorCodes.contentFilter, retryable: false })
    },
  },
  brokenCase('broken: a connection reset before any answer is model/network', [{ do: 'reset' }], {
    code: network,
    retryable: true,
  }),
  brokenCase('broken: a connection reset in an answer is model/incomplete', [text, { do: 'reset' }], {
    code: incomplete,
    retryable: false,
  }),
  brokenCase('broken: an end before the first part is model/incomplete and retryable', [{ do: 'end' }], {
    code: incomplete,
    retryable: true,
  }),
  brokenCase('broken: an end without a finish is model/incomplete, never a finish', [text, { do: 'end' }], {
    code: incomplete,
    retryable: false,
  }),
  brokenCase(
    'broken: a malformed chunk is model/malformed although a finish follows',
    [text, { do: 'malformed' }, text, { do: 'finish', reason: 'stop' }],
    { code: malformed, retryable: false },
  ),
]
