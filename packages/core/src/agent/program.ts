import type { Agent } from '../define/agent.ts'
import type { ResolvedDefaults } from '../define/defaults.ts'
import type { Guardrail } from '../define/guardrail.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { TurnRecord } from '../history/conversation.ts'
import { windowOf } from '../history/window.ts'
import { requireCapability } from '../models/capability.ts'
import type { ModelRegistry, ResolvedModel } from '../models/registry.ts'
import { modelStep } from '../models/step.ts'
import type { Message, Platform, Sandbox, ToolCallPart } from '../ports/index.ts'
import type { EngineContext, Program, RunIdentity } from '../run/definition.ts'
import { AgentGuardrails } from './guardrails.ts'
import { projectRequest } from './projection.ts'
import { buildRequest, neededBy, promptMessage, userMessage, type AgentPrompt } from './prompt.ts'
import { checkAnswer, repairRequest, textOf } from './structured.ts'
import { withSourcedTools, type SourceUse } from './sourced-tools.ts'
import { runToolCalls } from './tool-calls.ts'
import { usableTurn } from './turn.ts'

/** What agents share in one harness. */
export interface AgentDeps {
  readonly models: ModelRegistry
  readonly defaults: ResolvedDefaults
  readonly platform: Platform
  /** Of the harness; they go before those of an agent. */
  readonly guardrails: readonly Guardrail[]
  readonly sources: SourceUse
  /** The session's messages as they stood when the run began. */
  readonly readHistory: (run: RunIdentity) => Promise<readonly Message[]>
  /** Opened at the first use, closed with the session. */
  readonly sandboxOfSession: (sessionId: string) => Promise<Sandbox>
}

/**
 * Compiles an agent to a program: model, tools, model, … until an answer that fits. Each model turn and each
 * tool call is a step, so a killed agent goes on in the turn in which it died.
 */
export function agentProgram(agent: Agent, prompt: AgentPrompt, deps: AgentDeps): Program {
  const guardrails = AgentGuardrails.of(agent, deps.guardrails, deps.platform)
  return (context, input) => new AgentLoop({ agent, prompt, deps, guardrails }, context, input).run()
}

interface CompiledAgent {
  readonly agent: Agent
  readonly prompt: AgentPrompt
  readonly deps: AgentDeps
  readonly guardrails: AgentGuardrails | undefined
}

class AgentLoop {
  #agent: Agent
  #prompt: AgentPrompt
  readonly #deps: AgentDeps
  readonly #context: EngineContext
  readonly #guardrails: AgentGuardrails | undefined
  #input: unknown
  readonly #resolved: ResolvedModel
  readonly #conversation: Message[] = []
  #history: Promise<readonly Message[]> | undefined
  #turns = 0
  #toolCalls = 0

  constructor({ agent, prompt, deps, guardrails }: CompiledAgent, context: EngineContext, input: unknown) {
    this.#agent = agent
    this.#guardrails = guardrails
    this.#prompt = prompt
    this.#deps = deps
    this.#context = context
    this.#input = input
    this.#resolved = deps.models.get(context.options.model ?? agent.model)
    requireCapability(this.#resolved, neededBy(agent), `Agent "${agent.name}"`)
  }

  async run(): Promise<unknown> {
    if (this.#agent.sources.length > 0) await this.#listSources()
    if (this.#guardrails?.has('input') === true) this.#input = await this.#guardInput(this.#guardrails)
    let prompt: readonly Message[] = [promptMessage(this.#agent, this.#input)]
    let repaired = false
    for (;;) {
      const turn = usableTurn(this.#agent.name, await this.#askModel(prompt))
      prompt = []
      if (turn.answer.content.length > 0) this.#conversation.push(turn.answer)
      const calls = turn.answer.content.filter((part) => part.type === 'tool-call')
      if (calls.length > 0) {
        this.#conversation.push(await this.#callTools(calls))
        continue
      }
      if (turn.finishReason === 'pause') continue
      const checking = checkAnswer(this.#agent, textOf(turn.answer))
      const checked = checking instanceof Promise ? await this.#context.io(() => checking) : checking
      if (checked.valid) return this.#guardOutput(checked.output)
      if (repaired) throw this.#invalidAnswer(checked.issues)
      repaired = true
      prompt = [userMessage(repairRequest(checked.issues))]
    }
  }

  /** What the sources list now is what this run, or this child, works with to its end. */
  async #listSources(): Promise<void> {
    const { sources, defaults } = this.#deps
    const compiled = { agent: this.#agent, prompt: this.#prompt }
    const listed = await withSourcedTools(compiled, {
      context: this.#context,
      sources,
      timeoutMs: defaults.toolTimeoutMs,
    })
    this.#agent = listed.agent
    this.#prompt = listed.prompt
  }

  #guardInput(guardrails: AgentGuardrails): Promise<unknown> {
    const { input: schema } = this.#agent
    return guardrails.value({ context: this.#context, stage: 'input', value: this.#input, schema })
  }

  #guardOutput(value: unknown): unknown {
    if (this.#guardrails?.has('output') !== true) return value
    const { output: schema, answersText } = this.#agent
    return this.#guardrails.value({
      context: this.#context,
      stage: 'output',
      value,
      schema,
      textOf: (changed) => (answersText ? String(changed) : JSON.stringify(changed)),
    })
  }

  #askModel(prompt: readonly Message[]): Promise<TurnRecord> {
    const maxSteps = this.#agent.maxSteps ?? this.#deps.defaults.maxSteps
    if (this.#turns >= maxSteps) throw this.#budget('maxSteps', maxSteps)
    this.#turns++
    this.#conversation.push(...prompt)
    return this.#context.step(
      modelStep({
        context: this.#context,
        platform: this.#deps.platform,
        resolved: this.#resolved,
        name: `model-${this.#turns}`,
        prompt,
        request: async (resolved) =>
          buildRequest({
            agent: this.#agent,
            prompt: this.#prompt,
            resolved,
            instructions: this.#agent.instructionsFor(this.#input),
            history: await this.#readHistory(),
            conversation: this.#conversation,
          }),
        project: projectRequest,
        structured: !this.#agent.answersText,
        timeoutMs: this.#agent.modelTimeoutMs,
        defaultTimeoutMs: this.#deps.defaults.modelTimeoutMs,
        agent: this.#agent.name,
        folded: true,
        holdsText: this.#guardrails?.has('output') ?? false,
      }),
    )
  }

  #callTools(calls: readonly ToolCallPart[]): Promise<Message> {
    const { maxToolCalls } = this.#agent
    this.#toolCalls += calls.length
    if (maxToolCalls !== undefined && this.#toolCalls > maxToolCalls)
      throw this.#budget('maxToolCalls', maxToolCalls)
    return runToolCalls({
      context: this.#context,
      agent: this.#agent,
      turn: this.#turns,
      calls,
      guardrails: this.#guardrails,
      defaults: this.#deps.defaults,
    })
  }

  /** Read when a model is called, not in a replay, and once. */
  #readHistory(): Promise<readonly Message[]> {
    const window =
      this.#context.options.historyWindow ?? this.#agent.historyWindow ?? this.#deps.defaults.historyWindow
    this.#history ??= this.#deps.readHistory(this.#context.run).then((messages) => windowOf(messages, window))
    return this.#history
  }

  #budget(limit: 'maxSteps' | 'maxToolCalls', value: number): HarnessError {
    return new HarnessError({
      code: 'agent/budget',
      message: `Agent "${this.#agent.name}" reached ${limit} (${value}) without a final answer. Raise it, or make the task smaller.`,
      meta: { agent: this.#agent.name, limit, value },
    })
  }

  #invalidAnswer(issues: readonly { readonly path: string; readonly message: string }[]): HarnessError {
    return new HarnessError({
      code: 'validation/agent_output',
      message: `Agent "${this.#agent.name}" answered twice what its output schema refuses. Make the schema or the instructions simpler, or use another model.`,
      meta: { agent: this.#agent.name, issues: issues.map(({ path, message }) => ({ path, message })) },
    })
  }
}
