import type { JsonObject, ModelRequest } from '@belay/core/ports'

/** What the model wants to say to one request: a text, or calls of tools. */
export type Thought =
  | { readonly text: string }
  | { readonly calls: readonly { readonly name: string; readonly arguments: JsonObject }[] }

/** Decides the answer to a request; a pure function of it. */
export type Mind = (request: ModelRequest) => Thought
