import type { Model } from '@belay/core/ports'
import type { ModelScript } from './model-script.ts'

/** A model whose provider plays a script, and what that provider saw. */
export interface ModelSubject {
  readonly model: Model
  /** What each request carried, as the text that went over the wire, in order of arrival. */
  received(): readonly string[]
  /** How many requests the provider still serves: neither finished by it nor left by the caller. */
  openRequests(): number
  /** Frees the server. Also called while a request hangs. */
  close(): Promise<void>
}

/** Makes fresh subjects; turn k of the script answers request k. */
export interface ModelSubjectFactory {
  respond(script: ModelScript): Promise<ModelSubject>
}
