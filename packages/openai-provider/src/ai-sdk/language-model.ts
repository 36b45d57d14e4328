/**
 * The part of the AI SDK's language model specification (versions 2 to 4) that is used here, so that neither
 * this code nor its published types need the SDK. A type test holds it against the SDK's own types.
 */
export interface AiSdkLanguageModel {
  readonly specificationVersion: 'v2' | 'v3' | 'v4'
  readonly provider: string
  readonly modelId: string
  /** `never` takes the options of every version; `callOptions` builds the one that the version wants. */
  doStream(options: never): PromiseLike<AiSdkStreamResult>
}

/** What `doStream` gives: one request, no retries, no loop. */
export interface AiSdkStreamResult {
  readonly stream: AiSdkStream
  readonly response?: { readonly headers?: Readonly<Record<string, string>> | undefined } | undefined
}

/** A web stream, as far as it is read. */
export interface AiSdkStream {
  getReader(): AiSdkReader
}

/** Its reader. */
export interface AiSdkReader {
  read(): Promise<{ done: boolean; value?: unknown }>
  cancel(reason?: unknown): Promise<void>
}

/** Misuse is a `TypeError` at construction, not a failed call. */
export function checkLanguageModel(model: AiSdkLanguageModel): void {
  const version: unknown = (model as AiSdkLanguageModel | undefined)?.specificationVersion
  if (version === 'v2' || version === 'v3' || version === 'v4') return
  throw new TypeError(
    `aiSdkModel() takes a language model of the AI SDK with specification v2, v3 or v4, not ${typeof version === 'string' ? version : typeof model}.`,
  )
}
