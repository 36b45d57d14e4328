import type { Checkpoints } from '../../src/define/checkpoints.ts'
import type { WorkflowMemory } from '../../src/define/memory.ts'
import type { StepRun } from '../../src/define/effect.ts'
import type { EngineContext, StepRetry } from '../../src/run/definition.ts'
import type { StandardSchema } from '../../src/schema/standard-schema.ts'
import { gateSpec, type SimGate } from './sim-gate.ts'
import type { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

/** What an effect does: gets how often it happened before. */
export type EffectBody = (times: number) => unknown

/** How a step of the simulation is asked for. */
export interface SimStep {
  /** Attempts in all. */
  readonly max?: number
  readonly delayMs?: number
  readonly once?: boolean
  /** Virtual milliseconds at least, by how often it happened before. */
  readonly slow?: number | ((times: number) => number)
  readonly timeoutMs?: number
  readonly key?: string
  readonly noun?: 'step' | 'model' | 'tool'
  readonly folded?: boolean
  readonly input?: unknown
  /** A failed attempt is deferred by so many virtual milliseconds. */
  readonly deferMs?: number
  /** Tokens of the budget: at most, and as the provider counts them. */
  readonly uses?: CallUse
  readonly gate?: SimGate
  readonly reconcile?: (world: World, key: string) => unknown
}

/** What a model call uses of a budget. */
export interface CallUse {
  readonly most: number
  readonly used: number
}

/** A context that is short to write: effects take virtual time and can die with their process. */
export class SimContext {
  readonly engine: EngineContext
  readonly world: World
  readonly #process: SimProcess
  readonly memory: WorkflowMemory
  readonly checkpoints: Checkpoints

  constructor(world: World, process: SimProcess, engine: EngineContext) {
    this.world = world
    this.#process = process
    this.engine = engine
    this.memory = world.core.workflowMemory(engine)
    this.checkpoints = world.core.workflowCheckpoints(engine)
  }

  step(name: string, body?: EffectBody, options: SimStep = {}): Promise<string> {
    const { max, once, key, noun = 'step', folded, input, timeoutMs, reconcile, delayMs = 3 } = options
    const { deferMs, uses, gate } = options
    const retry: StepRetry = {
      maxAttempts: max ?? 1,
      minDelayMs: delayMs,
      factor: 1,
      jitter: false,
      ...(deferMs !== undefined && { delayFor: () => Infinity, deferFor: () => deferMs }),
    }
    return this.engine.step<string>({
      name,
      noun,
      effect: once === true ? 'once' : 'idempotent',
      run: (run) => this.#effect(run, body, options),
      ...(max !== undefined && { retry }),
      ...(uses !== undefined && {
        estimate: () => ({ model: 'm', calls: 1, inputTokens: uses.most, outputTokens: 0 }),
        label: () => ({ usage: { inputTokens: uses.used, outputTokens: 0 } }),
      }),
      ...(key !== undefined && { key }),
      ...(folded !== undefined && { folded }),
      ...(input !== undefined && { input }),
      ...(gate !== undefined && {
        gate: gateSpec(this.world, this.#process, gate, () =>
          this.engine.scope === '' ? (key ?? name) : `${this.engine.scope}/${key ?? name}`,
        ),
      }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(reconcile !== undefined && {
        reconcile: (run: StepRun) => reconcile(this.world, keyOf(run)) as 'unknown',
      }),
    })
  }

  /** A model call that uses tokens of the budget. */
  call(name: string, uses: CallUse, body?: EffectBody, options: SimStep = {}): Promise<string> {
    return this.step(name, body, { ...options, noun: 'model', uses })
  }

  wait(
    name: string,
    options: { schema?: StandardSchema; timeoutMs?: number; key?: string } = {},
  ): Promise<unknown> {
    return this.engine.wait({ name, ...options })
  }

  sleep(name: string, ms: number): Promise<unknown> {
    return this.engine.wait({ name, timer: true, timeoutMs: ms })
  }

  child<T>(
    name: string,
    program: (context: SimContext) => Promise<T>,
    options: { timeout?: number; signal?: AbortSignal; key?: string } = {},
  ): Promise<T> {
    const { timeout, signal, key } = options
    return this.engine.child({
      name,
      input: null,
      label: { agent: name },
      program: (context) => {
        this.world.beginChild(this.#process, context.scope)
        return program(new SimContext(this.world, this.#process, context))
      },
      ...(timeout !== undefined && { timeoutMs: timeout }),
      ...(signal !== undefined && { signal }),
      ...(key !== undefined && { key }),
    }) as Promise<T>
  }

  fanOut<T>(
    name: string,
    count: number,
    each: (context: SimContext, index: number) => Promise<T>,
    concurrency = 3,
  ): Promise<T[]> {
    return this.engine.fanOut({
      name,
      items: Array.from({ length: count }, (_, index) => index),
      concurrency,
      each: (context, index) => each(new SimContext(this.world, this.#process, context), index),
    })
  }

  /** A tool that leaves a checkpoint on its way. */
  checkpointingStep(name: string, sequence: number): Promise<string> {
    const { engine, world } = this
    return engine.step<string>({
      name,
      noun: 'tool',
      effect: 'idempotent',
      run: async (run) => {
        const effect = this.#effect(run, undefined, {})
        // Awaited only when the write is made.
        effect.catch(() => undefined)
        const tool = world.core.toolCheckpoints(engine, name, () => run.signal)
        await tool.write({ kind: 'handoff', sequence, payload: name })
        return effect
      },
    })
  }

  /** Time that the engine knows nothing of. */
  raw(ms = 12): Promise<void> {
    return this.#process.delay(this.world.sim.random() * ms)
  }

  #effect(run: StepRun, body: EffectBody | undefined, options: SimStep): Promise<string> {
    return this.world.effect(this.#process, keyOf(run), {
      body,
      once: options.once,
      slow: options.slow,
      uses: options.uses,
      gate: options.gate,
      run,
    }) as Promise<string>
  }
}

/** The key of a step, from the idempotency key that its body gets. */
function keyOf(run: StepRun): string {
  return run.idempotencyKey.slice(run.idempotencyKey.indexOf(':') + 1)
}
