import type { Model, ModelPart, ModelRequest } from '@belay/core/ports'
import type { ModelSubjectFactory } from '../model/model-subject.ts'

/** What a defect replaces: how a request is answered. */
export type GenerateWrap = (
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
) => AsyncIterable<ModelPart>

/** A model adapter with one defect, made from a good one. */
export interface BrokenModel {
  readonly name: string
  /** Titles of the cases that must reject it; it may fail others too. */
  readonly rejectedBy: readonly string[]
  readonly generate: GenerateWrap
  /** What it says of itself instead. */
  readonly facts?: Partial<Model>
}

/** Subjects of the adapter with its defect. */
export function brokenSubjects(
  { generate, facts }: BrokenModel,
  subjects: ModelSubjectFactory,
): ModelSubjectFactory {
  return {
    respond: async (script) => {
      const subject = await subjects.respond(script)
      const { model } = subject
      return {
        ...subject,
        model: { ...model, ...facts, generate: (request, { signal }) => generate(model, request, signal) },
      }
    },
  }
}
