import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { portSpecs } from '@belay/core/ports'
import { malformedAnswer } from '@belay/core/ports'
import type {
  EmbedRequest,
  Model,
  ModelCapability,
  ModelPart,
  ModelRequest,
  Platform,
  RerankRequest,
} from '@belay/core/ports'
import { testingVersion } from '../version.ts'
import { isRefusal } from './model-script.ts'
import type { ModelScriptTurn } from './model-script.ts'
import { playAnswer, refusalError, type PlayOptions } from './scripted-answer.ts'
import { playEmbeddings, playRanking } from './scripted-vectors.ts'
import type { VectorScriptTurn } from './vector-script.ts'

/** One turn, or how to make it from the request that it answers. */
export type ScriptedTurn = VectorScriptTurn | ((request: ModelRequest, index: number) => ModelScriptTurn)

/** Options of `scriptedModel`. */
export interface ScriptedModelOptions {
  /** Default `scripted`. */
  readonly provider?: string
  /** Default `scripted-1`. */
  readonly modelId?: string
  /** Default: text, object and tools. */
  readonly capabilities?: readonly ModelCapability[]
  /** Whose timers make a `pause`. Default: real ones. */
  readonly platform?: Platform
}

/** A model that answers from a script. */
export interface ScriptedModel extends Model {
  /** Every request so far, in order of arrival, apart from what the caller does with it later. */
  readonly requests: readonly ModelRequest[]
  /** Every `embed` and `rerank` so far, likewise. They take turns of the same script. */
  readonly vectorRequests: readonly (EmbedRequest | RerankRequest)[]
  /** How many requests are being answered now. */
  openRequests(): number
  /** Throws when the script has turns that nobody asked for. */
  assertUsedUp(): void
}

/**
 * Turn k answers request k; a request beyond the script fails, because a test that makes a model call
 * too many must not pass. A function as the whole script answers any number of requests.
 */
export function scriptedModel(
  script: readonly ScriptedTurn[] | ((request: ModelRequest, index: number) => ModelScriptTurn),
  options: ScriptedModelOptions = {},
): ScriptedModel {
  const requests: ModelRequest[] = []
  const vectorRequests: (EmbedRequest | RerankRequest)[] = []
  let open = 0

  const turnFor = (request: ModelRequest): VectorScriptTurn => {
    requests.push(structuredClone(request))
    const turn = scripted()
    return typeof turn === 'function' ? turn(request, requests.length + vectorRequests.length - 1) : turn
  }

  /** What answers the newest request. */
  const scripted = (): ScriptedTurn => {
    const count = requests.length + vectorRequests.length
    const turn = typeof script === 'function' ? script : script[count - 1]
    if (turn === undefined) throw new Error(`The script ended: nothing answers request ${count}`)
    return turn
  }

  async function vectors<Request extends EmbedRequest | RerankRequest, Result>(
    request: Request,
    isEmpty: boolean,
    signal: AbortSignal,
    play: (turn: VectorScriptTurn, request: Request, options: PlayOptions) => Promise<Result>,
  ): Promise<Result | undefined> {
    signal.throwIfAborted()
    if (isEmpty) return undefined
    vectorRequests.push(structuredClone(request))
    open += 1
    try {
      const turn = scripted()
      if (typeof turn === 'function') throw new Error('A function cannot script vectors or a ranking')
      return await play(turn, request, { signal, pause: pauseOn(options.platform) })
    } finally {
      open -= 1
    }
  }

  async function* generate(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelPart> {
    signal.throwIfAborted()
    open += 1
    try {
      const turn = turnFor(request)
      if ('embeddings' in turn || 'ranking' in turn) throw malformedAnswer('it is not text')
      if (isRefusal(turn)) throw refusalError(turn)
      yield* playAnswer(turn, { signal, pause: pauseOn(options.platform) })
    } finally {
      open -= 1
    }
  }

  return {
    info: {
      id: 'scripted',
      packageName: '@belay/testing',
      version: testingVersion,
      specs: { model: portSpecs.model },
      capabilities: [],
    },
    provider: options.provider ?? 'scripted',
    modelId: options.modelId ?? 'scripted-1',
    capabilities: options.capabilities ?? ['text', 'object', 'tools'],
    generate: (request, { signal }) => generate(request, signal),
    embed: async (request, { signal }) =>
      (await vectors(request, request.values.length === 0, signal, playEmbeddings)) ?? {
        embeddings: [],
        usage: {},
      },
    rerank: async (request, { signal }) =>
      (await vectors(request, request.documents.length === 0, signal, playRanking)) ?? {
        ranking: [],
        usage: {},
      },
    requests,
    vectorRequests,
    openRequests: () => open,
    assertUsedUp: () => {
      if (typeof script === 'function') return
      const asked = requests.length + vectorRequests.length
      assert.equal(asked, script.length, `${script.length} turns are scripted, ${asked} were asked for`)
    },
  }
}

/** Waits on the platform's timers, or on real ones. */
function pauseOn(platform: Platform | undefined): (ms: number, signal: AbortSignal) => Promise<void> {
  if (platform === undefined) {
    return async (ms, signal) => {
      await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
  return (ms, signal) =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        timer.cancel()
        reject(signal.reason as Error)
      }
      const timer = platform.timer(ms, () => {
        signal.removeEventListener('abort', abort)
        resolve()
      })
      signal.addEventListener('abort', abort, { once: true })
    })
}
