import type { Agent } from '../define/agent.ts'
import type { ResolvedDefaults } from '../define/defaults.ts'
import type { StepRun } from '../define/effect.ts'
import type { Tool } from '../define/tool.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { toolMessage, toolResult } from '../history/conversation.ts'
import type { Json, Message, ToolCallPart, ToolResultPart } from '../ports/index.ts'
import type { EngineContext, StepSpec } from '../run/definition.ts'
import type { SchemaResult } from '../schema/standard-schema.ts'
import { issueRecords, issueText, validate } from '../schema/validate.ts'
import { toolFacts, toolStep } from '../tools/step.ts'
import { guardCall } from './guarded-call.ts'
import type { AgentGuardrails } from './guardrails.ts'
import { agentGate, asksFor } from './permission.ts'
import { Slots } from './slots.ts'

/** The calls of one turn and what running them needs. */
export interface ToolTurn {
  readonly context: EngineContext
  readonly agent: Agent
  /** Counts the model turns of this agent; part of each call's key. */
  readonly turn: number
  readonly calls: readonly ToolCallPart[]
  readonly guardrails: AgentGuardrails | undefined
  readonly defaults: ResolvedDefaults
}

/**
 * Runs the calls of one turn, in parallel up to the agent's limit; results go back in the order of the calls.
 * A failure becomes an error result for the model. Only an abort ends the turn.
 */
export async function runToolCalls(turn: ToolTurn): Promise<Message> {
  const { calls, agent } = turn
  const results = new Map<string, ToolResultPart>()
  const run = async (call: ToolCallPart, index: number, slots?: Slots): Promise<void> => {
    results.set(call.callId, await runCall(turn, { call, index, slots }))
  }
  // Whoever is asked sees all the questions of a turn, so only what executes takes a place.
  if (calls.some((call) => asksFor(agent, call.name))) {
    const slots = new Slots(agent.toolConcurrency)
    await Promise.all(calls.map((call, index) => run(call, index, slots)))
    return toolMessage(calls, results)
  }
  if (calls.length === 1) {
    await run(calls[0] as ToolCallPart, 0)
    return toolMessage(calls, results)
  }
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < calls.length) {
      const index = next++
      const call = calls[index]
      if (call !== undefined) await run(call, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(agent.toolConcurrency, calls.length) }, lane))
  return toolMessage(calls, results)
}

/** One call of the turn. */
interface TurnCall {
  readonly call: ToolCallPart
  readonly index: number
  /** Given when calls of the turn wait for approvals. */
  readonly slots: Slots | undefined
}

async function runCall(turn: ToolTurn, one: TurnCall): Promise<ToolResultPart> {
  const { context } = turn
  const { call } = one
  let leave: (() => void) | undefined
  try {
    const spec = await specOf(turn, one)
    if (spec.gate === undefined) leave = await one.slots?.enter()
    const output = await context.step(spec)
    return toolResult(call.name, call.callId, { output })
  } catch (error) {
    if (context.signal.aborted) throw error
    return toolResult(call.name, call.callId, {
      error: error instanceof Error ? error.message : String(error),
    })
  } finally {
    leave?.()
  }
}

/** A call that must not be executed is a step all the same, so that its refusal is recorded once. */
async function specOf(turn: ToolTurn, { call, index, slots }: TurnCall): Promise<StepSpec> {
  const { agent, context } = turn
  const name = `tool-${turn.turn}-${index + 1}`
  const label = { agent: agent.name, tool: call.name, callId: call.callId }
  const tool = agent.tools.find((candidate) => candidate.name === call.name)
  const checking = checkCall(tool, call)
  const asked = checking instanceof Promise ? await context.io(() => checking) : checking
  const guarding = throughGuardrails(turn, call, index, asked)
  const checked = guarding instanceof Promise ? await guarding : guarding
  if ('refusal' in checked) {
    const { refusal } = checked
    return {
      name,
      noun: 'tool',
      effect: 'read',
      folded: true,
      input: call.arguments,
      label: () => label,
      facts: () => toolFacts(tool?.name, label),
      run: () => {
        throw refusal
      },
    }
  }
  const gate = agentGate(turn, { part: call, tool: checked.tool, arguments: checked.arguments })
  return toolStep({
    context,
    tool: checked.tool,
    gate: gate && slots ? { ...gate, enter: () => slots.enter() } : gate,
    name,
    input: checked.input,
    hashed: hashedOf(checked, call),
    label,
    callId: call.callId,
    skills: agent.skills,
    defaultTimeoutMs: turn.defaults.toolTimeoutMs,
    folded: true,
    ...inspection(turn, call, checked),
  })
}

/** What a replay compares: the arguments, and whatever else the result depends on. */
function hashedOf(
  { tool, input }: { readonly tool: Tool; readonly input: unknown },
  call: ToolCallPart,
): unknown {
  const revision = tool.revisionOf?.(input)
  return revision === undefined ? call.arguments : { arguments: call.arguments, revision }
}

interface GoodCall {
  readonly tool: Tool
  readonly input: unknown
  readonly arguments: Json
}

type CheckedCall = GoodCall | { readonly refusal: HarnessError }

function throughGuardrails(
  turn: ToolTurn,
  call: ToolCallPart,
  index: number,
  checked: CheckedCall,
): CheckedCall | Promise<CheckedCall> {
  const { context, guardrails } = turn
  if (guardrails === undefined || 'refusal' in checked) return checked
  const name = `guard-${turn.turn}-${index + 1}`
  const recheck = (changed: ToolCallPart) => checkCall(checked.tool, changed)
  return guardCall({ context, guardrails, name, call, checked, recheck })
}

function inspection(turn: ToolTurn, call: ToolCallPart, checked: GoodCall) {
  const { context, guardrails } = turn
  if (guardrails?.has('tool_result') !== true) return {}
  const facts = { tool: call.name, callId: call.callId, arguments: checked.arguments }
  const schema = checked.tool.output
  return {
    inspect: (value: unknown, run: StepRun) =>
      guardrails.result({ context, run, call: facts, value, schema }),
  }
}

/** A promise comes back only when the schema itself is asynchronous. */
function checkCall(tool: Tool | undefined, call: ToolCallPart): CheckedCall | Promise<CheckedCall> {
  if (tool === undefined) return refused('tool/not-found', call, `There is no tool "${call.name}".`)
  const invalid = (why: string): CheckedCall => refused('tool/invalid-arguments', call, why)
  let parsed: Json
  try {
    parsed = call.arguments.trim() === '' ? {} : (JSON.parse(call.arguments) as Json)
  } catch {
    return invalid('The arguments are not JSON.')
  }
  const toChecked = (result: SchemaResult<unknown>): CheckedCall =>
    result.issues === undefined
      ? { tool, input: result.value, arguments: parsed }
      : invalid(`The arguments do not match: ${issueText(issueRecords(result.issues))}.`)
  // A schema that throws has not let the arguments through.
  const failed = (error: unknown): CheckedCall =>
    invalid(`The arguments could not be checked: ${error instanceof Error ? error.message : String(error)}.`)
  try {
    const result = validate(tool.input, parsed)
    return result instanceof Promise ? result.then(toChecked, failed) : toChecked(result)
  } catch (error) {
    return failed(error)
  }
}

function refused(
  code: 'tool/not-found' | 'tool/invalid-arguments',
  call: ToolCallPart,
  why: string,
): CheckedCall {
  const meta = { tool: call.name.slice(0, 64).toWellFormed() }
  return { refusal: new HarnessError({ code, message: `${why} The tool was not called.`, meta }) }
}
