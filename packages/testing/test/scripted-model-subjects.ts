import type { ModelSubjectFactory } from '../src/model/model-subject.ts'
import type { VectorSubjectFactory } from '../src/model/vector-subject.ts'
import { scriptedModel } from '../src/model/scripted-model.ts'

/** The scripted model as a subject of the model contract: what the contract expects of any adapter. */
export const scriptedModelSubjects: ModelSubjectFactory = {
  respond: async (script) => {
    const model = scriptedModel(script)
    return {
      model,
      received: () => model.requests.map((request) => JSON.stringify(request)),
      openRequests: () => model.openRequests(),
      close: async () => {},
    }
  },
}

/** The scripted model as a subject of the contracts of `embed` and `rerank`. */
export const scriptedVectorSubjects: VectorSubjectFactory = {
  respond: async (script) => {
    const model = scriptedModel(script, { capabilities: ['embeddings', 'rerank'] })
    return {
      model,
      received: () => model.vectorRequests.map((request) => JSON.stringify(request)),
      openRequests: () => model.openRequests(),
      close: async () => {},
    }
  },
}
