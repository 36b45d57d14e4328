import type { FinishReason, Usage } from '@belay/core/ports'

/**
 * What a model is to answer, as data. `scriptedModel` plays it in process; the test server of an adapter
 * plays it in its provider's protocol. So one contract judges both.
 */
export type ModelScript = readonly ModelScriptTurn[]

/** The answer to one request: a refusal, or steps that are played in order. */
export type ModelScriptTurn = ModelScriptRefusal | ModelScriptAnswer

/** An HTTP answer other than 200, with the provider's form of an error as its body. */
export interface ModelScriptRefusal {
  readonly refuse: {
    readonly status: number
    /** Sent as they are, for example `{ 'retry-after': '2' }`. */
    readonly headers?: Readonly<Record<string, string>>
    /** What the provider means where the status alone does not say it; the server sends its provider's word. */
    readonly cause?: 'context-length' | 'content-filter'
    /** The provider's message. */
    readonly message?: string
  }
}

/** A stream: each step becomes one chunk or one event of the connection. */
export interface ModelScriptAnswer {
  readonly answer: readonly ModelScriptStep[]
}

/** One step of an answer. After the last one the connection ends as if by `end`. */
export type ModelScriptStep =
  /** One text delta. */
  | { readonly do: 'text'; readonly text: string }
  /** One reasoning delta; a provider that has no such thing skips it. */
  | { readonly do: 'reasoning'; readonly text: string }
  /** One complete tool call, its arguments split over `pieces` chunks (default 1). */
  | {
      readonly do: 'tool-call'
      readonly callId: string
      readonly name: string
      readonly arguments: string
      readonly pieces?: number
    }
  /** The provider's regular end of an answer, with usage when it is given. */
  | { readonly do: 'finish'; readonly reason: ModelScriptFinish; readonly usage?: Usage }
  /** A chunk that is not the protocol, for example JSON that breaks off. */
  | { readonly do: 'malformed' }
  /** Sends nothing for this long. */
  | { readonly do: 'pause'; readonly ms: number }
  /** Half-open: sends nothing more and keeps the connection until the caller leaves. */
  | { readonly do: 'hang' }
  /** Ends the connection in good order although the answer is not finished. */
  | { readonly do: 'end' }
  /** Breaks the connection (RST). As the first step it comes before any byte of an answer. */
  | { readonly do: 'reset' }

/** Reasons that every provider has a word for. */
export type ModelScriptFinish = Extract<FinishReason, 'stop' | 'length' | 'tool_calls' | 'content_filter'>

/** Whether a turn is a refusal. */
export function isRefusal(turn: ModelScriptTurn): turn is ModelScriptRefusal {
  return 'refuse' in turn
}
