import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { portSpecs } from '@belay/core/ports'
import type { Model, ModelCapability, ModelPart, ModelRequest, Platform } from '@belay/core/ports'
import { testingVersion } from '../version.ts'
import { isRefusal } from './model-script.ts'
import type { ModelScriptTurn } from './model-script.ts'
import { playAnswer, refusalError } from './scripted-answer.ts'

/** One turn, or how to make it from the request that it answers. */
export type ScriptedTurn = ModelScriptTurn | ((request: ModelRequest, index: number) => ModelScriptTurn)

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
  let open = 0

  const turnFor = (request: ModelRequest): ModelScriptTurn => {
    const index = requests.push(structuredClone(request)) - 1
    const turn = typeof script === 'function' ? script : script[index]
    if (turn === undefined) throw new Error(`The script ended: nothing answers request ${index + 1}`)
    return typeof turn === 'function' ? turn(request, index) : turn
  }

  async function* generate(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelPart> {
    signal.throwIfAborted()
    open += 1
    try {
      const turn = turnFor(request)
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
    requests,
    openRequests: () => open,
    assertUsedUp: () => {
      if (typeof script === 'function') return
      assert.equal(
        requests.length,
        script.length,
        `${script.length} turns are scripted, ${requests.length} were asked for`,
      )
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
