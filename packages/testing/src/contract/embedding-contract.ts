import assert from 'node:assert/strict'
import { isCodedError, modelErrorCodes } from '@belay/core/ports'
import type { EmbedRequest, EmbedResult, Model } from '@belay/core/ports'
import type { VectorSubjectFactory } from '../model/vector-subject.ts'
import type { ContractCase } from './contract.ts'
import { bindVectorCases, vectorFaultCases, type VectorCase } from './vector-case.ts'

const calm = { signal: new AbortController().signal }
const many = Array.from({ length: 200 }, (_, k) => ({
  value: `value number ${k}`,
  vector: [k + 0.5, -1 - k, 1 / (k + 1)],
}))

function embed(model: Model, request: EmbedRequest, options = calm): Promise<EmbedResult> {
  assert.ok(model.embed !== undefined, 'a model with "embeddings" has the method embed')
  return model.embed(request, options)
}

async function isMalformed({ model }: { readonly model: Model }): Promise<void> {
  await assert.rejects(embed(model, { values: ['a', 'b'] }), (error) =>
    isCodedError(error, modelErrorCodes.malformed),
  )
}

const cases: readonly VectorCase[] = [
  {
    title: 'embed: 200 vectors come in the order of their values, from one request',
    script: [{ embeddings: many.map(({ vector }) => vector) }],
    run: async ({ model, received }) => {
      const { embeddings } = await embed(model, { values: many.map(({ value }) => value) })
      assert.deepEqual(
        embeddings,
        many.map(({ vector }) => vector),
      )
      assert.equal(received().length, 1)
      for (const { value } of many) assert.ok(received()[0]?.includes(value))
    },
  },
  {
    title: 'embed: numbers lose nothing on the way',
    script: [{ embeddings: [[0.1, 1e-300, -123_456_789.123, 5e-324, Number.MAX_SAFE_INTEGER]] }],
    run: async ({ model }) => {
      const { embeddings } = await embed(model, { values: ['a'] })
      assert.deepEqual(embeddings, [[0.1, 1e-300, -123_456_789.123, 5e-324, Number.MAX_SAFE_INTEGER]])
    },
  },
  {
    title: 'embed: no values make no request and give no vectors',
    script: [{ embeddings: [[1]] }],
    run: async ({ model, received }) => {
      assert.deepEqual(await embed(model, { values: [] }), { embeddings: [], usage: {} })
      assert.equal(received().length, 0)
    },
  },
  {
    title: 'embed: usage is what the provider counted',
    script: [{ embeddings: [[1]], usage: { inputTokens: 12 } }],
    run: async ({ model }) => {
      assert.deepEqual((await embed(model, { values: ['a'] })).usage, { inputTokens: 12 })
    },
  },
  {
    title: 'embed: usage that the provider did not give is absent',
    script: [{ embeddings: [[1]] }],
    run: async ({ model }) => assert.deepEqual((await embed(model, { values: ['a'] })).usage, {}),
  },
  {
    title: 'embed: more values than the model takes at once are refused without a request',
    script: [],
    run: async ({ model, received }) => {
      const { maxEmbedValues } = model
      if (maxEmbedValues === undefined) return
      const values = Array.from({ length: maxEmbedValues + 1 }, () => 'x')
      await assert.rejects(embed(model, { values }), (error) =>
        isCodedError(error, modelErrorCodes.badRequest),
      )
      assert.equal(received().length, 0)
    },
  },
  {
    title: 'malformed: a vector too few',
    script: [{ embeddings: [[1]] }],
    run: isMalformed,
  },
  {
    title: 'malformed: a vector too many',
    script: [{ embeddings: [[1], [2], [3]] }],
    run: isMalformed,
  },
  {
    title: 'malformed: vectors of two lengths',
    script: [{ embeddings: [[1], [1, 2]] }],
    run: isMalformed,
  },
  ...vectorFaultCases((model, canary, options) => embed(model, { values: [canary] }, options), {
    embeddings: [[1]],
  }),
]

/** Every promise of `embed` of the port model. */
export function embeddingContract(subjects: VectorSubjectFactory): readonly ContractCase[] {
  return bindVectorCases(cases, 'embeddings', subjects)
}
