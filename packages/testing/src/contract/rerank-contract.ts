import assert from 'node:assert/strict'
import { isCodedError, modelErrorCodes } from '@belay/core/ports'
import type { Model, RerankRequest, RerankResult } from '@belay/core/ports'
import type { VectorSubjectFactory } from '../model/vector-subject.ts'
import type { ContractCase } from './contract.ts'
import { bindVectorCases, vectorFaultCases, type VectorCase } from './vector-case.ts'

const calm = { signal: new AbortController().signal }
const documents = ['first document', 'second document', 'third document']
const ranking = [
  { index: 2, score: 0.75 },
  { index: 0, score: 0.5 },
  { index: 1, score: -0.25 },
]

function rerank(model: Model, request: RerankRequest, options = calm): Promise<RerankResult> {
  assert.ok(model.rerank !== undefined, 'a model with "rerank" has the method rerank')
  return model.rerank(request, options)
}

async function isMalformed({ model }: { readonly model: Model }): Promise<void> {
  await assert.rejects(rerank(model, { query: 'q', documents }), (error) =>
    isCodedError(error, modelErrorCodes.malformed),
  )
}

const cases: readonly VectorCase[] = [
  {
    title: 'rerank: positions and scores come best first, from one request with query and documents',
    script: [{ ranking }],
    run: async ({ model, received }) => {
      assert.deepEqual((await rerank(model, { query: 'the query', documents })).ranking, ranking)
      assert.equal(received().length, 1)
      for (const text of ['the query', ...documents]) assert.ok(received()[0]?.includes(text))
    },
  },
  {
    title: 'rerank: the best ones alone when so many are wanted',
    script: [{ ranking: ranking.slice(0, 2) }],
    run: async ({ model }) => {
      assert.deepEqual((await rerank(model, { query: 'q', documents, topN: 2 })).ranking, ranking.slice(0, 2))
    },
  },
  {
    title: 'rerank: no documents make no request and give an empty ranking',
    script: [],
    run: async ({ model, received }) => {
      assert.deepEqual(await rerank(model, { query: 'q', documents: [] }), { ranking: [], usage: {} })
      assert.equal(received().length, 0)
    },
  },
  {
    title: 'malformed: a position that no document has',
    script: [{ ranking: [{ index: 3, score: 1 }] }],
    run: isMalformed,
  },
  {
    title: 'malformed: a document twice',
    script: [
      {
        ranking: [
          { index: 0, score: 1 },
          { index: 0, score: 0.5 },
        ],
      },
    ],
    run: isMalformed,
  },
  ...vectorFaultCases(
    (model, canary, options) => rerank(model, { query: canary, documents: ['a'] }, options),
    { ranking: [{ index: 0, score: 1 }] },
  ),
]

/** Every promise of `rerank` of the port model. */
export function rerankContract(subjects: VectorSubjectFactory): readonly ContractCase[] {
  return bindVectorCases(cases, 'rerank', subjects)
}
