import assert from 'node:assert/strict'
import { portSpecs } from '@belay/core/ports'
import { textTurn } from '../model/script-turns.ts'
import type { ModelScriptStep } from '../model/model-script.ts'
import { calm, collectFinished, requestOf } from './model-case.ts'
import type { ModelCase } from './model-case.ts'
import { settles } from './until.ts'

const texts = ['Hel', 'lo ', '\n', 'é', '\u{1f9d7}', ' {"not": "parsed"}', ' data: [DONE] ', '']
const textStep = (text: string): ModelScriptStep => ({ do: 'text', text })

/** Text, finish and usage of answers that go well. */
export const modelAnswerCases: readonly ModelCase[] = [
  {
    title: 'info: names the adapter, its package, the spec, the provider and the model',
    script: [],
    run: async ({ model }) => {
      const { info, provider, modelId } = model
      for (const name of [info.id, info.packageName, info.version, provider, modelId])
        assert.ok(name.length > 0)
      assert.equal(info.specs.model, portSpecs.model)
      assert.equal(new Set(model.capabilities).size, model.capabilities.length)
    },
  },
  {
    title: 'text: deltas come in order and join to what the provider sent',
    script: [{ answer: [...texts.map(textStep), { do: 'finish', reason: 'stop' }] }],
    run: async ({ model }) => {
      const { text, finish } = await collectFinished(model, requestOf('hello'))
      assert.equal(text, texts.join(''))
      assert.equal(finish.reason, 'stop')
    },
  },
  {
    title: 'text: 2,000 deltas lose nothing',
    script: [
      {
        answer: [
          ...Array.from({ length: 2_000 }, (_, index) => textStep(`${index};`)),
          { do: 'finish', reason: 'stop' },
        ],
      },
    ],
    run: async ({ model }) => {
      const { text } = await collectFinished(model, requestOf('count'))
      assert.equal(text, Array.from({ length: 2_000 }, (_, index) => `${index};`).join(''))
    },
  },
  {
    title: 'text: parts come as the provider sends them, not at the end',
    script: [{ answer: [textStep('early'), { do: 'hang' }] }],
    run: async ({ model }) => {
      const parts = model.generate(requestOf('slow'), calm)[Symbol.asyncIterator]()
      const first = await settles('the first part', parts.next())
      assert.deepEqual(first.value, { type: 'text-delta', text: 'early' })
      await settles('the stream to be left', Promise.resolve(parts.return?.()))
    },
  },
  {
    title: 'text: an answer that pauses arrives all the same',
    script: [
      {
        answer: [
          { do: 'pause', ms: 30 },
          textStep('a'),
          { do: 'pause', ms: 30 },
          textStep('b'),
          { do: 'finish', reason: 'stop' },
        ],
      },
    ],
    run: async ({ model }) => {
      assert.equal((await collectFinished(model, requestOf('slow'))).text, 'ab')
    },
  },
  {
    title: 'finish: says length when the answer was cut',
    script: [{ answer: [textStep('cut'), { do: 'finish', reason: 'length' }] }],
    run: async ({ model }) => {
      assert.equal((await collectFinished(model, requestOf('long'))).finish.reason, 'length')
    },
  },
  {
    title: 'finish: says content_filter when the provider stopped the answer',
    script: [{ answer: [textStep('cut'), { do: 'finish', reason: 'content_filter' }] }],
    run: async ({ model }) => {
      assert.equal((await collectFinished(model, requestOf('bad'))).finish.reason, 'content_filter')
    },
  },
  {
    title: 'usage: tokens come as the provider counted them',
    script: [textTurn('hi', { inputTokens: 11, cachedInputTokens: 5, outputTokens: 7, reasoningTokens: 3 })],
    run: async ({ model }) => {
      const { usage } = (await collectFinished(model, requestOf('hello'))).finish
      assert.deepEqual(
        { ...usage },
        { inputTokens: 11, cachedInputTokens: 5, outputTokens: 7, reasoningTokens: 3 },
      )
    },
  },
  {
    title: 'usage: counts that the provider does not give are absent, never estimated',
    script: [textTurn('hi')],
    run: async ({ model }) => {
      const { usage } = (await collectFinished(model, requestOf('hello'))).finish
      for (const count of ['inputTokens', 'cachedInputTokens', 'outputTokens', 'reasoningTokens'] as const) {
        assert.ok(!Object.hasOwn(usage, count), `${count} is ${usage[count]}`)
      }
    },
  },
  {
    title: 'bounds: what it declares of tokens is not less than what it counts, and asks nobody',
    script: [textTurn('hi', { inputTokens: 11, outputTokens: 7 })],
    run: async ({ model, received }) => {
      const most = model.maxInputTokens?.(requestOf('hello')) ?? Infinity
      assert.equal(received().length, 0)
      const { usage } = (await collectFinished(model, requestOf('hello'))).finish
      assert.ok(most >= (usage.inputTokens ?? 0), `${usage.inputTokens} input tokens, at most ${most}`)
      const { maxOutputTokens = Infinity } = model
      assert.ok(maxOutputTokens >= (usage.outputTokens ?? 0), `at most ${maxOutputTokens} output tokens`)
    },
  },
  {
    title: 'request: begins when the first part is asked for, once',
    script: [textTurn('only')],
    run: async ({ model, received }) => {
      model.generate(requestOf('never read'), calm)
      const { text } = await collectFinished(model, requestOf('is read'))
      assert.equal(text, 'only')
      assert.equal(received().length, 1)
    },
  },
  {
    title: 'request: carries system, user and assistant messages in order',
    script: [textTurn('ok')],
    run: async ({ model, received }) => {
      await collectFinished(model, {
        messages: [
          { role: 'system', content: 'first-canary' },
          { role: 'user', content: [{ type: 'text', text: 'second-canary' }] },
          { role: 'assistant', content: [{ type: 'text', text: 'third-canary' }] },
          { role: 'user', content: [{ type: 'text', text: 'fourth-canary' }] },
        ],
      })
      const body = received()[0] ?? ''
      const places = ['first', 'second', 'third', 'fourth'].map((word) => body.indexOf(`${word}-canary`))
      assert.ok(
        places.every((place, index) => place > (places[index - 1] ?? -1)),
        places.join(', '),
      )
    },
  },
  {
    title: 'request: asks for JSON of the schema given',
    needs: ['model.object'],
    script: [textTurn('{"severity":"high"}')],
    run: async ({ model, received }) => {
      const schema = {
        type: 'object',
        properties: { severity: { type: 'string', description: 'schema-canary' } },
        required: ['severity'],
        additionalProperties: false,
      }
      const { text } = await collectFinished(
        model,
        requestOf('classify', { output: { schema, name: 'triage' } }),
      )
      assert.equal(text, '{"severity":"high"}')
      assert.ok((received()[0] ?? '').includes('schema-canary'))
    },
  },
  {
    title: 'concurrency: streams that run together do not mix',
    script: Array.from({ length: 4 }, (_, index) => ({
      answer: [
        ...Array.from({ length: 10 }, (): ModelScriptStep => textStep(`${index}`)),
        { do: 'finish', reason: 'stop' } as const,
      ],
    })),
    run: async ({ model, received }) => {
      const all = await Promise.all([0, 1, 2, 3].map(() => collectFinished(model, requestOf('together'))))
      const seen = all.map(({ text }) => text).toSorted()
      assert.deepEqual(
        seen,
        [0, 1, 2, 3].map((index) => `${index}`.repeat(10)),
      )
      assert.equal(received().length, 4)
    },
  },
]
