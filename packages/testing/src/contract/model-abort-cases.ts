import assert from 'node:assert/strict'
import type { ModelPart, ModelRequest } from '@belay/core/ports'
import { textTurn } from '../model/script-turns.ts'
import type { ModelSubject } from '../model/model-subject.ts'
import { calm, collect, collectFinished, requestOf } from './model-case.ts'
import type { ModelCase } from './model-case.ts'
import { settles, until } from './until.ts'

const request: ModelRequest = requestOf('stop me')
const hang = { answer: [{ do: 'hang' } as const] }
const hangAfterText = { answer: [{ do: 'text', text: 'a' } as const, { do: 'hang' } as const] }

/** Fails instead of waiting for ever on an adapter that ignores its signal. */
const settlesSoon = <T>(promise: Promise<T>): Promise<T> => settles('the stream to end', promise)

async function providerIsLeft({ openRequests }: ModelSubject): Promise<void> {
  await until('the provider to see that the caller left', () => openRequests() === 0)
}

/** Callers who leave. */
export const modelAbortCases: readonly ModelCase[] = [
  {
    title: 'abort: a signal that is already aborted throws its reason and makes no request',
    script: [textTurn('unseen'), textTurn('unseen')],
    run: async ({ model, received }) => {
      const reason = new Error('too late')
      const { error, parts } = await collect(model, request, { signal: AbortSignal.abort(reason) })
      assert.equal(error, reason)
      assert.deepEqual(parts, [])
      await collectFinished(model, request)
      assert.equal(received().length, 1)
    },
  },
  {
    title: 'abort: while no answer comes it throws the reason and ends the request',
    script: [hang],
    run: async (subject) => {
      const aborter = new AbortController()
      const reason = new Error('enough')
      const reading = collect(subject.model, request, { signal: aborter.signal })
      await until('the request to arrive', () => subject.openRequests() === 1)
      aborter.abort(reason)
      assert.equal((await settlesSoon(reading)).error, reason)
      await providerIsLeft(subject)
    },
  },
  {
    title: 'abort: in the middle of an answer it throws the reason and ends the request',
    script: [hangAfterText],
    run: async (subject) => {
      const aborter = new AbortController()
      const reason = new Error('enough')
      const parts: ModelPart[] = []
      const reading = (async () => {
        for await (const part of subject.model.generate(request, { signal: aborter.signal })) {
          parts.push(part)
          aborter.abort(reason)
        }
      })()
      reading.catch(() => {})
      await assert.rejects(settlesSoon(reading), (error) => error === reason)
      assert.deepEqual(parts, [{ type: 'text-delta', text: 'a' }])
      await providerIsLeft(subject)
    },
  },
  {
    title: 'abort: a reason that is not an error is thrown as it is',
    script: [hang],
    run: async (subject) => {
      const aborter = new AbortController()
      const reading = collect(subject.model, request, { signal: aborter.signal })
      await until('the request to arrive', () => subject.openRequests() === 1)
      aborter.abort('plain words')
      assert.equal((await settlesSoon(reading)).error, 'plain words')
    },
  },
  {
    title: 'abort: after the finish it changes nothing',
    script: [textTurn('done')],
    run: async ({ model }) => {
      const aborter = new AbortController()
      const { text, error } = await collect(model, request, { signal: aborter.signal })
      aborter.abort(new Error('too late'))
      assert.deepEqual([text, error], ['done', undefined])
    },
  },
  {
    title: 'abort: of one call leaves another one alone',
    script: [hang, hangAfterText],
    run: async (subject) => {
      const first = new AbortController()
      const reading = collect(subject.model, request, { signal: first.signal })
      await until('the first request to arrive', () => subject.openRequests() === 1)
      const second = subject.model.generate(request, calm)[Symbol.asyncIterator]()
      assert.deepEqual((await second.next()).value, { type: 'text-delta', text: 'a' })
      first.abort(new Error('only the first'))
      await settlesSoon(reading)
      await until('one request to be left', () => subject.openRequests() === 1)
      await second.return?.()
      await providerIsLeft(subject)
    },
  },
  {
    title: 'leave: a consumer that leaves the stream ends the request',
    script: [hangAfterText],
    run: async (subject) => {
      const leaving = (async () => {
        for await (const part of subject.model.generate(request, calm)) if (part.type === 'text-delta') break
      })()
      await settlesSoon(leaving)
      await providerIsLeft(subject)
    },
  },
]
