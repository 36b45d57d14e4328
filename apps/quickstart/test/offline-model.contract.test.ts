import type { JsonObject, Model } from '@belay/core/ports'
import { isRefusal, modelContract, type ModelScript, type ModelSubject } from '@belay/testing'
import { expect, test } from 'vitest'
import { offlineModel } from '../src/offline-model/offline-model.ts'
import type { Mind, Thought } from '../src/offline-model/thought.ts'

/**
 * The promises that a model without a server can show. The rest is about what only a provider has: refusals,
 * connections that hang or break, ids, token counts, and arguments that are not compact JSON.
 */
const applicable = [
  'info: names the adapter, its package, the spec, the provider and the model',
  'text: deltas come in order and join to what the provider sent',
  'text: 2,000 deltas lose nothing',
  'request: begins when the first part is asked for, once',
  'request: carries system, user and assistant messages in order',
  'request: asks for JSON of the schema given',
  'concurrency: streams that run together do not mix',
  'tools: a call is passed on, never executed, and no second request is made for it',
  'tools: the request carries the tools, earlier calls and their results',
  'abort: a signal that is already aborted throws its reason and makes no request',
  'abort: after the finish it changes nothing',
]

/** A mind that plays a script instead of reading documents. */
function playing(script: ModelScript, received: string[]): Mind {
  return (request) => {
    const turn = script[received.length]
    received.push(JSON.stringify(request))
    if (turn === undefined || isRefusal(turn))
      throw new TypeError('The script has no answer to this request.')
    const text = turn.answer.map((step) => (step.do === 'text' ? step.text : '')).join('')
    const calls = turn.answer.flatMap((step) =>
      step.do === 'tool-call'
        ? [{ name: step.name, arguments: JSON.parse(step.arguments) as JsonObject }]
        : [],
    )
    const thought: Thought = calls.length > 0 ? { calls } : { text }
    return thought
  }
}

async function respond(script: ModelScript): Promise<ModelSubject> {
  const received: string[] = []
  let open = 0
  const inner = offlineModel(playing(script, received))
  const model: Model = {
    ...inner,
    async *generate(request, options) {
      open++
      try {
        yield* inner.generate(request, options)
      } finally {
        open--
      }
    },
  }
  return { model, received: () => received, openRequests: () => open, close: async () => undefined }
}

const cases = modelContract({ respond }).filter(({ title }) => applicable.includes(title))

test('every promise that is named is one of the contract', () => {
  expect(cases.map(({ title }) => title).toSorted()).toEqual(applicable.toSorted())
})

test.each(cases)('$title', async ({ run }) => {
  expect(await run()).toEqual({})
})

const request = { messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'long' }] }] }
const longAnswer = offlineModel(() => ({ text: 'words '.repeat(200) }))

test('an abort in the middle of an answer throws its reason', async () => {
  const aborter = new AbortController()
  const reason = new Error('enough')
  const seen: string[] = []
  const reading = (async () => {
    for await (const part of longAnswer.generate(request, { signal: aborter.signal })) {
      seen.push(part.type)
      aborter.abort(reason)
    }
  })()
  await expect(reading).rejects.toBe(reason)
  expect(seen).toEqual(['text-delta'])
})

test('a consumer may leave in the middle of an answer', async () => {
  const parts = longAnswer.generate(request, { signal: new AbortController().signal })[Symbol.asyncIterator]()
  expect((await parts.next()).value).toMatchObject({ type: 'text-delta' })
  await parts.return?.()
  expect(await parts.next()).toEqual({ done: true, value: undefined })
})
