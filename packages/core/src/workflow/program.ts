import type { Agent } from '../define/agent.ts'
import { checkOptions } from '../define/check.ts'
import type { ResolvedDefaults } from '../define/defaults.ts'
import { delegationDefaults, delegationOf, type DelegationPolicy } from '../define/delegation.ts'
import { workflowCheckpoints } from '../checkpoints/run-checkpoints.ts'
import type { Checkpoints } from '../define/checkpoints.ts'
import type { WorkflowMemory } from '../define/memory.ts'
import type { Tool } from '../define/tool.ts'
import type { Workflow } from '../define/workflow.ts'
import type {
  ChildCallOptions,
  StepOptions,
  WaitOptions,
  WorkflowContext,
} from '../define/workflow-context.ts'
import { workflowMemory } from '../memory/run-memory-access.ts'
import type { ModelRegistry } from '../models/registry.ts'
import type { Platform } from '../ports/index.ts'
import { handled } from '../run/attempt.ts'
import type { EngineContext, Program } from '../run/definition.ts'
import { validateOrThrow } from '../schema/validate.ts'
import { toJson } from '../schema/json.ts'
import { gateOf } from '../tools/permission.ts'
import { toolStep } from '../tools/step.ts'
import { delegate } from './delegate.ts'
import { workflowModel } from './model.ts'

/** What workflows share in one harness. */
export interface WorkflowDeps {
  readonly models: ModelRegistry
  readonly defaults: ResolvedDefaults
  readonly platform: Platform
  /** Compiles a child agent; its program takes the raw input. */
  readonly childProgram: (agent: Agent) => Program
}

/** Compiles a workflow to a program: its handler with a context that offers what it declared and nothing else. */
export function workflowProgram(workflow: Workflow, deps: WorkflowDeps): Program {
  const policy = delegationOf(workflow.delegation, deps.defaults.delegation)
  const programs = new Map(
    Object.entries(workflow.agents).map(([name, agent]) => [name, deps.childProgram(agent)]),
  )
  const init = { workflow, deps, policy, programs }
  return async (context, input) => workflow.run(new ContextBuilder(init, context, false).build(), input)
}

interface ContextInit {
  readonly workflow: Workflow
  readonly deps: WorkflowDeps
  readonly policy: DelegationPolicy
  readonly programs: ReadonlyMap<string, Program>
}

/** Narrows the engine's context to what a handler may use, for the root and for each item of a fan-out. */
class ContextBuilder {
  readonly #init: ContextInit
  readonly #context: EngineContext
  readonly #insideFanOut: boolean

  constructor(init: ContextInit, context: EngineContext, insideFanOut: boolean) {
    this.#init = init
    this.#context = context
    this.#insideFanOut = insideFanOut
  }

  build(): WorkflowContext {
    const context = this.#context
    const { workflow } = this.#init
    let memory: WorkflowMemory | undefined
    let checkpoints: Checkpoints | undefined
    return {
      runId: context.run.runId,
      sessionId: context.run.sessionId,
      attempt: context.run.attempt,
      metadata: context.metadata,
      get signal() {
        return context.signal
      },
      get log() {
        return context.log
      },
      get memory() {
        return (memory ??= workflowMemory(context))
      },
      get checkpoints() {
        return (checkpoints ??= workflowCheckpoints(context))
      },
      get metrics() {
        return context.metrics
      },
      agents: mapValues(workflow.agents, (agent, name) => this.#agentCall(name, agent)),
      tools: mapValues(workflow.tools, (tool, name) => this.#toolCall(name, tool)),
      models: mapValues(workflow.models, (needs, alias) =>
        workflowModel({ context, deps: this.#init.deps, alias, declared: needs }),
      ),
      step: (name, run, options = {}) => this.#step(name, run, options),
      wait: (name, options = {}) =>
        settleRefusal(() => {
          checkOptions(`The wait "${name}"`, { ...options }, { timeoutMs: 'timeoutMs' })
          return context.wait({ name, ...(options as WaitOptions) }) as Promise<never>
        }),
      sleep: (name, ms, options = {}) =>
        settleRefusal(() => {
          checkOptions(`The sleep "${name}"`, { ms: ms ?? null }, { ms: 'timeoutMs' })
          return context.wait({ name, timer: true, timeoutMs: ms, ...options }) as Promise<never>
        }),
      fanOut: (name, items, each, options = {}) =>
        settleRefusal(() => {
          checkOptions(`The fan-out "${name}"`, { ...options }, { concurrency: 'count' })
          return context.fanOut({
            name,
            items,
            concurrency: Math.min(options.concurrency ?? Infinity, this.#maxParallel()),
            each: (inner, item, index) =>
              each(new ContextBuilder(this.#init, inner, true).build(), item, index),
            ...(options.key !== undefined && { key: options.key }),
          })
        }),
    }
  }

  #step<T>(name: string, run: Parameters<WorkflowContext['step']>[1], options: StepOptions<T>): Promise<T> {
    // The engine marks its own promise as handled; only a refusal has to be.
    try {
      const { key, retry, timeoutMs, effect, reconcile, workspace } = options
      const what = `The step "${name}"`
      checkOptions(what, { timeoutMs, effect, workspace }, stepRules)
      if (retry !== undefined) checkOptions(`${what}, retry`, { ...retry }, retryRules)
      if (typeof run !== 'function') throw new TypeError(`The step "${name}" needs a function to run.`)
      if (effect === 'once' && retry !== undefined) {
        throw new TypeError(`${what} has the effect "once", which is never run again; leave \`retry\` out.`)
      }
      return this.#context.step<T>({
        name,
        noun: 'step',
        effect: effect ?? 'idempotent',
        // The engine tells its own bodies more than a step may rely on.
        run: (arg) => run(arg) as T | Promise<T>,
        ...(key !== undefined && { key }),
        ...(retry !== undefined && { retry }),
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(reconcile !== undefined && { reconcile }),
        ...(workspace !== undefined && { workspace }),
      })
    } catch (error) {
      return handled(Promise.reject(error))
    }
  }

  #agentCall(name: string, agent: Agent) {
    return (input: unknown, options: ChildCallOptions = {}): Promise<never> =>
      settleRefusal(() => {
        const { workflow, programs, policy, deps } = this.#init
        const program = programs.get(name)
        if (program === undefined) throw new TypeError(`The agent "${name}" was not compiled.`)
        const { models } = deps
        const context = this.#context
        const insideFanOut = this.#insideFanOut
        const spec = delegate({
          context,
          name,
          workflow: workflow.name,
          agent,
          program,
          input,
          options,
          policy,
          models,
          insideFanOut,
        })
        return context.child(spec) as Promise<never>
      })
  }

  #toolCall(name: string, tool: Tool) {
    return (input: unknown, options: { readonly key?: string } = {}): Promise<never> =>
      settleRefusal(async () => {
        const what = `The input of tool "${tool.name}"`
        const failure = { code: 'validation/input', what } as const
        const checked = await this.#context.io(() => validateOrThrow(tool.input, input, failure))
        const { defaults } = this.#init.deps
        const hashed = input === undefined ? null : toJson(input, what)
        const spec = toolStep({
          context: this.#context,
          tool,
          name,
          input: checked,
          hashed,
          gate: gateOf({
            context: this.#context,
            tool,
            permission: tool.permission,
            arguments: hashed,
            approvalTimeoutMs: defaults.approvalTimeoutMs,
            onPermission: defaults.onPermission,
          }),
          label: { tool: tool.name },
          defaultTimeoutMs: defaults.toolTimeoutMs,
          ...(options.key !== undefined && { key: options.key }),
        })
        return this.#context.step(spec) as Promise<never>
      })
  }

  #maxParallel(): number {
    return this.#init.policy.maxParallelChildAgentCalls ?? delegationDefaults.maxParallelChildAgentCalls
  }
}

const stepRules = { timeoutMs: 'timeoutMs', effect: 'effect', workspace: 'access' } as const

const retryRules = {
  maxAttempts: 'count',
  minDelayMs: 'timeoutMs',
  maxDelayMs: 'timeoutMs',
  factor: 'factor',
  jitter: 'flag',
} as const

/** A refusal is a rejection like any other, and one that nobody awaits must not end the process. */
function settleRefusal<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return handled(ask())
  } catch (error) {
    return handled(Promise.reject(error))
  }
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  map: (value: T, key: string) => R,
): Record<string, R> {
  // Without a prototype, `ctx.agents.constructor` is as absent as any other name that was not declared.
  const mapped: Record<string, R> = Object.create(null)
  for (const [key, value] of Object.entries(record)) mapped[key] = map(value, key)
  return mapped
}
