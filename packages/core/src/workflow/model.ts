import type { WorkflowModel } from '../define/model-calls.ts'
import { handled } from '../run/attempt.ts'
import type { DeclaredModel } from './declared-model.ts'
import { embed, rerank } from './embed.ts'
import { generate } from './generate.ts'

/** What the handler sees of it: only what was declared. Each call is a step of its own. */
export function workflowModel(model: DeclaredModel): WorkflowModel {
  const { declared } = model
  const generates = declared.some((each) => each !== 'embeddings' && each !== 'rerank')
  const calls: { -readonly [Name in keyof WorkflowModel]?: WorkflowModel[Name] } = {}
  // A failure that nobody awaits must not end the process.
  if (generates) calls.generate = (init) => handled(generate(model, init as never)) as never
  if (declared.includes('embeddings')) calls.embed = (init) => handled(embed(model, init))
  if (declared.includes('rerank')) calls.rerank = (init) => handled(rerank(model, init))
  return calls as WorkflowModel
}
