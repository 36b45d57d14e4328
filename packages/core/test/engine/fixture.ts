import { inMemoryFiles } from '../../src/in-memory/in-memory-files.ts'
import { inMemoryStore } from '../../src/in-memory/in-memory-store.ts'
import { nodePlatform } from '../../src/platform/node-platform.ts'
import { silentLogger } from '../../src/platform/silent-logger.ts'
import type { Journal, Platform, Store } from '../../src/ports/index.ts'
import { createEngine } from '../../src/run/create-engine.ts'
import type { Definition, EngineContext, Program } from '../../src/run/definition.ts'
import type { Engine, EngineTiming } from '../../src/run/engine.ts'
import type { RunHandle } from '../../src/run/handle.ts'
import { startRun } from '../../src/run/start.ts'
import type { StartRequest } from '../../src/run/start-request.ts'

const anything = {
  '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) },
}

/** Short where a test would otherwise wait for nothing. */
const timing: Partial<EngineTiming> = {
  suspendGraceMs: 5,
  inboxPollMs: 5,
  replayIdleMs: 30,
  abortGraceMs: 50,
}

/** A definition of a program. */
export function define(program: Program, version = '1'): Definition {
  return { kind: 'workflow', name: 'tested', version, input: anything, output: anything, program }
}

/** One process with one definition over a store. */
export function processWith(
  program: Program,
  options: { store?: Store; platform?: Platform; version?: string; timing?: Partial<EngineTiming> } = {},
) {
  const store = options.store ?? inMemoryStore()
  const definition = define(program, options.version)
  const engine: Engine = createEngine({
    store,
    platform: options.platform ?? nodePlatform(),
    logger: silentLogger,
    ...inMemoryFiles(),
    isSessionOpen: () => false,
    resolve: () => definition,
    timing: { ...timing, ...options.timing },
  })
  const start = (request: Partial<StartRequest> = {}): Promise<RunHandle> =>
    startRun(engine, { definition, sessionId: 's', input: null, timeoutMs: 0, ...request })
  return { engine, store, definition, start }
}

/** A step without anything special. */
export const step = <T>(context: EngineContext, name: string, run: () => T | Promise<T>): Promise<T> =>
  context.step({ name, noun: 'step', effect: 'idempotent', run })

/** Types of everything that is recorded of a run. */
export async function recorded({ journal }: { readonly journal: Journal }, runId: string): Promise<string[]> {
  return (await journal.read(`run/${runId}`)).map(({ type }) => type)
}

/** Resolves once the run has recorded an event of that type, `times` times. */
export async function until(handle: RunHandle, type: string, times = 1): Promise<void> {
  let seen = 0
  for await (const event of handle.events()) if (event.type === type && ++seen === times) return
  throw new Error(`The run ended without ${type}.`)
}

/** A platform that counts its timers, so that nothing is left behind unseen. */
export function countingPlatform(): { readonly platform: Platform; readonly timers: () => number } {
  const node = nodePlatform()
  let timers = 0
  const platform: Platform = {
    ...node,
    timer: (delayMs, fire, options) => {
      timers++
      let open = true
      const end = (): void => {
        if (open) timers--
        open = false
      }
      const timer = node.timer(
        delayMs,
        () => {
          end()
          fire()
        },
        options,
      )
      return {
        cancel: () => {
          end()
          timer.cancel()
        },
      }
    },
  }
  return { platform, timers: () => timers }
}

/** What a promise rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error & { readonly code?: string }
  }
  throw new Error('It did not reject.')
}
