import type { ModelSubject } from './model-subject.ts'
import type { VectorScript } from './vector-script.ts'

/** Makes fresh subjects that embed or rank; turn k of the script answers request k. */
export interface VectorSubjectFactory {
  respond(script: VectorScript): Promise<ModelSubject>
}
