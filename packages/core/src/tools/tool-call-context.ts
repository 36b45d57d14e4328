import { toolCheckpoints } from '../checkpoints/run-checkpoints.ts'
import type { Checkpoints } from '../define/checkpoints.ts'
import type { StepRun } from '../define/effect.ts'
import type { ToolMemory } from '../define/memory.ts'
import type { StepSandbox } from '../define/sandbox.ts'
import type { ToolContext } from '../define/tool.ts'
import { toolMemory } from '../memory/run-memory-access.ts'
import type { Json, Logger, RunMetrics } from '../ports/index.ts'
import type { EngineContext } from '../run/definition.ts'

/** Who calls a tool. */
export interface ToolCaller {
  readonly agent?: string
  readonly callId?: string
}

/** What a tool gets beside its input. A class, because most tools read little of it. */
export class ToolCallContext implements ToolContext {
  readonly runId: string
  readonly sessionId: string
  readonly attempt: number
  readonly callId?: string
  readonly metadata: Json
  readonly log: Logger
  readonly #context: EngineContext
  readonly #run: StepRun
  readonly #agent: string | undefined
  #memory: ToolMemory | undefined
  #checkpoints: Checkpoints | undefined

  constructor(context: EngineContext, run: StepRun, { agent, callId }: ToolCaller) {
    this.#context = context
    this.#run = run
    this.#agent = agent
    this.runId = context.run.runId
    this.sessionId = context.run.sessionId
    this.attempt = run.attempt
    this.metadata = context.metadata
    this.log = run.log
    if (callId !== undefined) this.callId = callId
  }

  get idempotencyKey(): string {
    return this.#run.idempotencyKey
  }

  get metrics(): RunMetrics {
    return this.#run.metrics
  }

  get signal(): AbortSignal {
    return this.#run.signal
  }

  get sandbox(): StepSandbox {
    return this.#run.sandbox
  }

  get memory(): ToolMemory {
    return (this.#memory ??= toolMemory(this.#context, this.#agent, () => this.#run.signal))
  }

  get checkpoints(): Checkpoints {
    return (this.#checkpoints ??= toolCheckpoints(this.#context, this.#agent, () => this.#run.signal))
  }
}
