import type { AgentDeps } from '../agent/program.ts'
import type { Agent } from '../define/agent.ts'
import { checkFields, invalidDefinition } from '../define/check.ts'
import { resolveDefaults, type HarnessDefaults } from '../define/defaults.ts'
import type { AgentMap, Workflow } from '../define/workflow.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { inMemoryStore } from '../in-memory/in-memory-store.ts'
import { createModelRegistry, type ModelChoice } from '../models/registry.ts'
import { nodePlatform } from '../platform/node-platform.ts'
import { silentLogger } from '../platform/silent-logger.ts'
import type { Capability, Logger, Platform, Store } from '../ports/index.ts'
import { createEngine } from '../run/create-engine.ts'
import type { Definition } from '../run/definition.ts'
import { assertOpen } from '../run/start.ts'
import type { SessionHistory } from '../session/history.ts'
import { MessageCache } from '../session/message-cache.ts'
import { SessionCore, type Runnable } from '../session/session.ts'
import { checkAdapters, checkRequirements, type AdapterUse } from './adapters.ts'
import { agentDefinition, childProgram, workflowDefinition } from './definitions.ts'
import { inspectHarness, type HarnessInspection } from './inspect.ts'
import { createRuns, type Runs } from './runs.ts'
import { startWorker, type Worker, type WorkerOptions } from './worker.ts'

/** Workflows by the name that sessions use. */
export type WorkflowMap = Readonly<Record<string, Workflow>>

/** Every alias that agents and workflows name. */
type AliasOf<Agents extends AgentMap, Workflows extends WorkflowMap> =
  Agents[keyof Agents]['model'] | Workflows[keyof Workflows]['aliases'][number]

/** What `defineHarness` takes. */
export interface HarnessInit<Agents extends AgentMap, Workflows extends WorkflowMap> {
  readonly name: string
  /** At least the aliases that agents and workflows name. */
  readonly models: Readonly<Record<AliasOf<Agents, Workflows>, ModelChoice>> &
    Readonly<Record<string, ModelChoice>>
  readonly agents?: Agents
  readonly workflows?: Workflows
  /** Default: in memory, with the newest 1,000 finished runs. */
  readonly store?: Store
  readonly logger?: Logger
  readonly platform?: Platform
  /** Capabilities that some adapter must have. */
  readonly requires?: readonly Capability[]
  readonly defaults?: HarnessDefaults
}

/** One conversation thread with what can be run in it. */
export interface Session<Agents extends AgentMap = AgentMap, Workflows extends WorkflowMap = WorkflowMap> {
  readonly id: string
  readonly history: SessionHistory
  readonly agents: { readonly [Name in keyof Agents]: RunnableOf<Agents[Name]> }
  readonly workflows: { readonly [Name in keyof Workflows]: RunnableOf<Workflows[Name]> }
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type RunnableOf<D> =
  D extends Agent<infer Input, infer Output>
    ? Runnable<Input, Output>
    : D extends Workflow<infer Input, infer Output>
      ? Runnable<Input, Output>
      : never

/** Compiled definitions and the adapters that they run on. */
export interface Harness<Agents extends AgentMap = AgentMap, Workflows extends WorkflowMap = WorkflowMap> {
  readonly name: string
  readonly runs: Runs
  /** Opens or creates; the same id gives the same session. */
  getSession(id: string): Promise<Session<Agents, Workflows>>
  /** Goes on with recoverable runs until it is stopped. */
  worker(options?: WorkerOptions): Worker
  inspect(): HarnessInspection
  /** Stops what executes here without ending it, and closes every adapter even if some fail. */
  shutdown(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Compiles definitions and adapters to a harness. Everything that can be checked without I/O is checked here:
 * names, schemas, aliases, adapter versions and capabilities. Throws `config/definition` or `config/adapter`.
 */
export function defineHarness<
  const Agents extends AgentMap = Record<never, never>,
  const Workflows extends WorkflowMap = Record<never, never>,
>(init: HarnessInit<Agents, Workflows>): Harness<Agents, Workflows> {
  const what = `Harness "${String(init.name)}"`
  checkFields(what, { ...init }, { name: 'name' })
  return new HarnessCore(what, init).expose<Agents, Workflows>()
}

const sessionIdPattern = /^[^\p{Cc}\p{Cs}]{1,180}$/u

class HarnessCore {
  readonly #name: string
  readonly #store: Store
  readonly #closing = new AbortController()
  readonly #sessions = new Map<string, SessionCore>()
  readonly #definitions: readonly Definition[]
  readonly #timeouts = new Map<Definition, number | undefined>()
  readonly #byName: { readonly agents: Map<string, Definition>; readonly workflows: Map<string, Definition> }
  readonly #uses: readonly AdapterUse[]
  readonly #models: ReturnType<typeof createModelRegistry>
  readonly #engine: ReturnType<typeof createEngine>
  readonly #messages: MessageCache
  readonly #runTimeoutMs: number
  readonly #runs: Runs
  #shutdown: Promise<void> | undefined

  constructor(what: string, init: HarnessInit<AgentMap, WorkflowMap>) {
    const defaults = resolveDefaults(what, init.defaults)
    const platform = init.platform ?? nodePlatform()
    this.#name = init.name
    this.#store = init.store ?? inMemoryStore()
    this.#runTimeoutMs = defaults.runTimeoutMs
    this.#models = createModelRegistry(init.models)
    this.#uses = adapterUses(init, this.#store, platform, this.#models)
    checkAdapters(this.#uses)
    checkRequirements(init.requires ?? [], this.#uses)
    const agents = init.agents ?? {}
    const workflows = init.workflows ?? {}
    checkAliases(what, agents, workflows, this.#models.has)
    this.#engine = createEngine({
      store: this.#store,
      platform,
      logger: (init.logger ?? silentLogger).child({ harness: init.name }),
      closing: this.#closing.signal,
      resolve: (kind, name) => this.#definitions.find((known) => known.kind === kind && known.name === name),
    })
    this.#messages = new MessageCache(this.#engine)
    const deps: AgentDeps = {
      models: this.#models,
      defaults,
      platform,
      readHistory: (run) => this.#messages.read(run.sessionId, run.historyPosition),
    }
    const child = (agent: Agent) => childProgram(agent, deps)
    this.#byName = {
      agents: this.#compile(agents, (agent) => agentDefinition(agent, deps)),
      workflows: this.#compile(workflows, (workflow) =>
        workflowDefinition(workflow, { ...deps, childProgram: child }),
      ),
    }
    this.#definitions = [...this.#byName.agents.values(), ...this.#byName.workflows.values()]
    checkUnique(what, this.#definitions)
    this.#runs = createRuns(this.#engine)
  }

  expose<Agents extends AgentMap, Workflows extends WorkflowMap>(): Harness<Agents, Workflows> {
    return {
      name: this.#name,
      runs: this.#runs,
      getSession: async (id) => this.#getSession(id) as unknown as Session<Agents, Workflows>,
      worker: (options) => {
        assertOpen(this.#engine)
        return startWorker(this.#engine, options)
      },
      inspect: () => inspectHarness(this.#name, this.#uses, this.#models, this.#definitions),
      shutdown: () => (this.#shutdown ??= this.#close()),
      [Symbol.asyncDispose]: () => (this.#shutdown ??= this.#close()),
    }
  }

  #compile<D extends Agent | Workflow>(
    definitions: Readonly<Record<string, D>>,
    compile: (definition: D) => Definition,
  ): Map<string, Definition> {
    return new Map(
      Object.entries(definitions).map(([key, definition]) => {
        const compiled = compile(definition)
        this.#timeouts.set(compiled, definition.timeoutMs)
        return [key, compiled]
      }),
    )
  }

  #getSession(id: string): Session {
    assertOpen(this.#engine)
    if (typeof id !== 'string' || !sessionIdPattern.test(id)) {
      throw new HarnessError({
        code: 'validation/options',
        message: `The session id ${JSON.stringify(id)} is not valid: use 1 to 180 characters without control characters.`,
        meta: { field: 'id' },
      })
    }
    let core = this.#sessions.get(id)
    if (core === undefined) {
      core = new SessionCore({
        engine: this.#engine,
        sessionId: id,
        defaultTimeoutMs: this.#runTimeoutMs,
        onClose: () => {
          this.#sessions.delete(id)
          this.#messages.forget(id)
        },
      })
      this.#sessions.set(id, core)
      Object.assign(core, {
        agents: this.#runnables(core, 'agents'),
        workflows: this.#runnables(core, 'workflows'),
      })
    }
    return core as unknown as Session
  }

  #runnables(
    core: SessionCore,
    map: 'agents' | 'workflows',
  ): Readonly<Record<string, Runnable<unknown, unknown>>> {
    const runnables: Record<string, Runnable<unknown, unknown>> = Object.create(null)
    for (const [name, definition] of this.#byName[map]) {
      runnables[name] = core.runnable(definition, this.#timeouts.get(definition))
    }
    return Object.freeze(runnables)
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    for (const live of this.#engine.live.all()) live.abandon()
    await this.#store.close()
  }
}

function adapterUses(
  init: HarnessInit<AgentMap, WorkflowMap>,
  store: Store,
  platform: Platform,
  models: ReturnType<typeof createModelRegistry>,
): AdapterUse[] {
  return [
    { role: 'store', info: store.info, ports: ['journal', 'lease', 'blobs'] },
    { role: 'platform', info: platform.info, ports: ['platform'] },
    ...models.aliases.map((alias): AdapterUse => ({
      role: `models.${alias}`,
      info: models.get(alias).model.info,
      ports: ['model'],
    })),
  ]
}

function checkAliases(
  what: string,
  agents: AgentMap,
  workflows: WorkflowMap,
  has: (alias: string) => boolean,
): void {
  const named = [
    ...Object.values(agents).map((agent) => ({ by: `agent "${agent.name}"`, alias: agent.model })),
    ...Object.values(workflows).flatMap(({ name, aliases }) =>
      aliases.map((alias) => ({ by: `workflow "${name}"`, alias })),
    ),
  ]
  const missing = named.find(({ alias }) => !has(alias))
  if (missing !== undefined) {
    invalidDefinition(
      `${what}: ${missing.by} names the model alias "${missing.alias}", which \`models\` does not have.`,
    )
  }
}

function checkUnique(what: string, definitions: readonly Definition[]): void {
  const seen = new Set<string>()
  for (const { kind, name } of definitions) {
    const id = `${kind} ${name}`
    if (seen.has(id))
      invalidDefinition(`${what}: two definitions are called ${kind} "${name}". Runs are resumed by name.`)
    seen.add(id)
  }
}
