/** Messages of a conversation, as the model port and the journal hold them. */

import type { Json, JsonObject } from './json.ts'

/** Text in a message. */
export interface TextPart {
  readonly type: 'text'
  readonly text: string
}

/** What a reasoning model wrote for itself; sent back as it came. */
export interface ReasoningPart {
  readonly type: 'reasoning'
  readonly text: string
  /** Opaque facts that the provider needs to see again, such as a signature. */
  readonly provider?: JsonObject
}

/** A picture, sound or document in a user message. */
export interface FilePart {
  readonly type: 'file'
  /** For example `image/png`. */
  readonly mediaType: string
  /** Base64, or an http(s) URL. */
  readonly data: string
  readonly name?: string
}

/** A call that the model asks for. */
export interface ToolCallPart {
  readonly type: 'tool-call'
  readonly callId: string
  readonly name: string
  /** The complete text as the model wrote it; usually JSON. */
  readonly arguments: string
  readonly provider?: JsonObject
}

/** The answer to a call. */
export interface ToolResultPart {
  readonly type: 'tool-result'
  readonly callId: string
  readonly name: string
  readonly output: Json
  readonly isError: boolean
}

/** One message of a conversation. */
export type Message =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: readonly (TextPart | FilePart)[] }
  | { readonly role: 'assistant'; readonly content: readonly (TextPart | ReasoningPart | ToolCallPart)[] }
  | { readonly role: 'tool'; readonly content: readonly ToolResultPart[] }
