import type { ModelSubjectFactory } from '../src/model/model-subject.ts'
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
