import assert from 'node:assert/strict'
import { isCodedError, modelErrorCodes } from '@belay/core/ports'
import type { Capability, GenerateOptions, Model, PortError } from '@belay/core/ports'
import { refusalTurn } from '../model/script-turns.ts'
import type { ModelSubject } from '../model/model-subject.ts'
import type { VectorScript } from '../model/vector-script.ts'
import type { VectorSubjectFactory } from '../model/vector-subject.ts'
import { outcomeOf, skipCase, type ContractCase } from './contract.ts'
import { settles, until } from './until.ts'

/** A case about `embed` or `rerank`. */
export interface VectorCase {
  readonly title: string
  readonly script: VectorScript
  run(subject: ModelSubject): Promise<void>
}

/** Gives each case a subject of its own; a model without the capability is not bound by any of them. */
export function bindVectorCases(
  cases: readonly VectorCase[],
  capability: 'embeddings' | 'rerank',
  subjects: VectorSubjectFactory,
): readonly ContractCase[] {
  const needs: readonly Capability[] = [`model.${capability}`]
  return cases.map(({ title, script, run }) => ({
    title,
    needs,
    run: () =>
      outcomeOf(async () => {
        const subject = await subjects.respond(script)
        try {
          if (!subject.model.capabilities.includes(capability))
            skipCase(`the model does not declare ${capability}`)
          await run(subject)
        } finally {
          await subject.close()
        }
      }),
  }))
}

/** One call of the method under test, with a text that no error may show. */
export type VectorCall = (model: Model, canary: string, options: GenerateOptions) => Promise<unknown>

const canary = 'value-canary-3b7e'
const hang = { answer: [{ do: 'hang' } as const] }

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await settles('the call to end', call)
  } catch (error) {
    return error
  }
  return assert.fail('the call did not fail')
}

async function failsWith(
  subject: ModelSubject,
  call: VectorCall,
  code: string,
  retryable: boolean,
): Promise<PortError> {
  const error = await failureOf(call(subject.model, canary, { signal: new AbortController().signal }))
  if (!isCodedError(error))
    throw assert.fail(`expected ${code}, got ${error instanceof Error ? error.message : typeof error}`)
  assert.equal(error.code, code)
  assert.equal(error.retryable, retryable, 'retryable')
  assert.equal(subject.received().length, 1, 'one call makes one request')
  assert.ok(!JSON.stringify([error.message, error.meta]).includes(canary), 'the error shows what was sent')
  return error as PortError
}

/** Failures and aborts, the same for both methods. `good` is what a second request would get. */
export function vectorFaultCases(call: VectorCall, good: VectorScript[number]): readonly VectorCase[] {
  const fault = (
    title: string,
    turn: VectorScript[number],
    code: string,
    retryable: boolean,
  ): VectorCase => ({
    title,
    script: [turn, good],
    run: async (subject) => void (await failsWith(subject, call, code, retryable)),
  })
  return [
    fault('refusal: 401 is model/auth, final', refusalTurn(401), modelErrorCodes.auth, false),
    fault('refusal: 400 is model/bad-request, final', refusalTurn(400), modelErrorCodes.badRequest, false),
    fault('refusal: 503 is model/server, retryable', refusalTurn(503), modelErrorCodes.server, true),
    fault(
      'refusal: what does not fit is model/context-length, final',
      refusalTurn(400, { cause: 'context-length' }),
      modelErrorCodes.contextLength,
      false,
    ),
    {
      title: 'refusal: 429 is model/rate-limit and says how long to wait',
      script: [refusalTurn(429, { headers: { 'retry-after': '2' } }), good],
      run: async (subject) => {
        const { meta } = await failsWith(subject, call, modelErrorCodes.rateLimit, true)
        assert.equal(meta['retryAfterMs'], 2_000)
      },
    },
    fault(
      'broken: a reset before any answer is model/network',
      { answer: [{ do: 'reset' }] },
      modelErrorCodes.network,
      true,
    ),
    fault(
      'broken: an answer that is not the protocol is model/malformed',
      { answer: [{ do: 'malformed' }] },
      modelErrorCodes.malformed,
      false,
    ),
    {
      title: 'abort: a signal that is already aborted throws its reason and makes no request',
      script: [good, good],
      run: async ({ model, received }) => {
        const reason = new Error('too late')
        assert.equal(await failureOf(call(model, canary, { signal: AbortSignal.abort(reason) })), reason)
        assert.equal(received().length, 0)
      },
    },
    {
      title: 'abort: while no answer comes it throws the reason and ends the request',
      script: [hang],
      run: async (subject) => {
        const aborter = new AbortController()
        const reason = new Error('enough')
        const failure = failureOf(call(subject.model, canary, { signal: aborter.signal }))
        await until('the request to arrive', () => subject.openRequests() === 1)
        aborter.abort(reason)
        assert.equal(await failure, reason)
        await until('the provider to see that the caller left', () => subject.openRequests() === 0)
      },
    },
  ]
}
