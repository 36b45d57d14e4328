import type { AgentDeps } from '../agent/program.ts'
import type { Agent } from '../define/agent.ts'
import { checkFields, requireFields } from '../define/check.ts'
import { resolveDefaults } from '../define/defaults.ts'
import { checkGuardrails } from '../define/guardrail.ts'
import type { AgentMap, Workflow } from '../define/workflow.ts'
import { inMemoryStore } from '../in-memory/in-memory-store.ts'
import { createModelRegistry } from '../models/registry.ts'
import type { ToolSource } from '../ports/index.ts'
import { nodePlatform } from '../platform/node-platform.ts'
import { quietLogger } from '../platform/quiet-logger.ts'
import { silentLogger } from '../platform/silent-logger.ts'
import { createEngine } from '../run/create-engine.ts'
import type { Definition } from '../run/definition.ts'
import type { Engine } from '../run/engine.ts'
import { assertOpen, whileOpen } from '../run/open.ts'
import { MessageCache } from '../session/message-cache.ts'
import { SourceConnections } from '../session/source-connections.ts'
import { createTelemetry } from '../telemetry/telemetry-observer.ts'
import { resolveTelemetry, telemetryPort } from '../telemetry/telemetry-options.ts'
import {
  adapterUses,
  checkAdapters,
  checkRequirements,
  closeAdapters,
  configureAdapters,
  memoryOf,
  type AdapterUse,
} from './adapters.ts'
import { checkCapabilities } from './check-capabilities.ts'
import { createApprovals, type Approvals } from './approvals.ts'
import { checkTools } from './check-tools.ts'
import { checkNames, checkUnique } from './check-definitions.ts'
import { agentDefinition, childProgram, workflowDefinition } from './definitions.ts'
import type { Harness, HarnessInit, Session, WorkflowMap } from './harness.ts'
import { inspectHarness } from './inspect.ts'
import { placesOf, type GivenPlaces } from './places.ts'
import { createRuns, type Runs } from './runs.ts'
import { OpenSessions, type CompiledDefinition } from './sessions.ts'
import { startWorker } from './worker.ts'

/**
 * Compiles definitions and adapters to a harness. Everything that can be checked without I/O is checked here:
 * names, schemas, aliases, adapter versions and capabilities. Throws `config/definition` or `config/adapter`.
 */
export function defineHarness<
  const Agents extends AgentMap = Record<never, never>,
  const Workflows extends WorkflowMap = Record<never, never>,
>(init: HarnessInit<Agents, Workflows>): Harness<Agents, Workflows> {
  const what = `Harness "${String(init.name)}"`
  requireFields(what, { ...init }, ['name', 'models'])
  checkFields(what, { ...init }, { name: 'name' })
  return new HarnessCore(what, init).expose<Agents, Workflows>()
}

class HarnessCore {
  readonly #name: string
  readonly #closing = new AbortController()
  readonly #definitions: readonly Definition[]
  readonly #uses: readonly AdapterUse[]
  readonly #places: GivenPlaces
  readonly #models: ReturnType<typeof createModelRegistry>
  readonly #engine: Engine
  readonly #sessions: OpenSessions
  readonly #runs: Runs
  readonly #approvals: Approvals
  #shutdown: Promise<void> | undefined

  constructor(what: string, init: HarnessInit<AgentMap, WorkflowMap>) {
    const { agents = {}, workflows = {}, platform = nodePlatform(), logger = silentLogger } = init
    const store = init.store ?? inMemoryStore()
    const defaults = resolveDefaults(what, init.defaults)
    const models = createModelRegistry(init.models)
    const telemetry = resolveTelemetry(what, init.telemetry)
    this.#name = init.name
    this.#models = models
    this.#places = placesOf(what, init, platform)
    this.#uses = adapterUses({
      store,
      memory: init.memory,
      platform,
      models,
      ...this.#places,
      sources: sourcesOf({ agents, workflows }),
    })
    checkAdapters(this.#uses)
    checkRequirements(init.requires ?? [], this.#uses)
    checkNames(what, { agents, workflows, delegation: defaults.delegation, hasModel: models.has })
    checkCapabilities(what, { agents, workflows, models })
    checkTools(what, { agents, workflows }, this.#uses)
    const bound = quietLogger(logger).child({ harness: init.name })
    configureAdapters(this.#uses, {
      harness: init.name,
      logger: bound,
      telemetry: telemetryPort(telemetry),
      platform,
      defaults,
    })
    this.#engine = createEngine({
      store,
      platform,
      logger: bound,
      memory: memoryOf(store, init.memory),
      ...this.#places,
      isSessionOpen: (sessionId) => this.#sessions.isOpen(sessionId),
      observer: telemetry && createTelemetry({ harness: init.name, options: telemetry, platform }),
      closing: this.#closing.signal,
      resolve: (kind, name) => this.#definitions.find((known) => known.kind === kind && known.name === name),
    })
    const messages = new MessageCache(this.#engine)
    const deps: AgentDeps = {
      models,
      defaults,
      platform,
      guardrails: checkGuardrails(what, init.guardrails ?? []),
      sources: new SourceConnections({ logger: bound, resources: this.#engine.places.sessions }),
      readHistory: (run) => messages.read(run.sessionId, run.historyPosition),
      sandboxOfSession: (sessionId) => this.#engine.places.sessions.sandbox(sessionId),
    }
    const child = (agent: Agent) => childProgram(agent, deps)
    const compiled = {
      agents: compile(agents, (agent) => agentDefinition(agent, deps)),
      workflows: compile(workflows, (workflow) =>
        workflowDefinition(workflow, { ...deps, childProgram: child }),
      ),
    }
    this.#definitions = [...compiled.agents.values(), ...compiled.workflows.values()].map(
      (one) => one.definition,
    )
    checkUnique(what, this.#definitions)
    this.#sessions = new OpenSessions({
      ...compiled,
      engine: this.#engine,
      messages,
      defaultTimeoutMs: defaults.runTimeoutMs,
      defaultBudget: defaults.budget,
      requireModel: (alias) => void models.get(alias),
    })
    this.#runs = createRuns(this.#engine)
    this.#approvals = createApprovals(this.#engine)
  }

  expose<Agents extends AgentMap, Workflows extends WorkflowMap>(): Harness<Agents, Workflows> {
    return {
      name: this.#name,
      runs: this.#runs,
      approvals: this.#approvals,
      getSession: (id, options) =>
        whileOpen(this.#engine, () => this.#sessions.get(id, options)) as Promise<unknown> as Promise<
          Session<Agents, Workflows>
        >,
      worker: (options) => {
        assertOpen(this.#engine)
        return startWorker(this.#engine, options)
      },
      inspect: () => inspectHarness(this.#name, this.#uses, this.#places, this.#models, this.#definitions),
      shutdown: () => (this.#shutdown ??= this.#close()),
      [Symbol.asyncDispose]: () => (this.#shutdown ??= this.#close()),
    }
  }

  /** Attempts give their leases up before the store is closed, so that others need not wait for their end. */
  async #close(): Promise<void> {
    this.#closing.abort()
    const live = this.#engine.live.all()
    const attempts = live.map(async (run) => run.attempt?.finished)
    for (const run of live) run.abandon()
    await Promise.all(attempts)
    await closeAdapters(this.#uses, () => this.#engine.places.sessions.closeAll())
  }
}

/** Every source of every agent, those of workflows included, once. */
function sourcesOf(declared: { readonly agents: AgentMap; readonly workflows: WorkflowMap }): ToolSource[] {
  const agents = [declared, ...Object.values(declared.workflows)].flatMap((one) => Object.values(one.agents))
  return [...new Set(agents.flatMap(({ sources }) => sources))]
}

function compile<D extends Agent | Workflow>(
  definitions: Readonly<Record<string, D>>,
  toDefinition: (definition: D) => Definition,
): Map<string, CompiledDefinition> {
  return new Map(
    Object.entries(definitions).map(([key, definition]) => [
      key,
      { definition: toDefinition(definition), timeoutMs: definition.timeoutMs, budget: definition.budget },
    ]),
  )
}
