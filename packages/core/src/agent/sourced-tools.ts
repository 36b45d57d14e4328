import type { Agent } from '../define/agent.ts'
import { sourcedName } from '../define/tool-sources.ts'
import type { Tool, ToolContext } from '../define/tool.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { isCodedError, type SourceConnection, type SourcedTool, type ToolSource } from '../ports/index.ts'
import type { EngineContext, StepRetry } from '../run/definition.ts'
import { fromJsonSchema } from '../schema/from-json-schema.ts'
import { toolSpec, type AgentPrompt } from './prompt.ts'

/** The connections of sessions to sources. */
export interface SourceUse {
  /** The session's connection, opened when it is first asked for. Throws as `ToolSource.open`, and the signal's reason. */
  connect(source: ToolSource, sessionId: string, signal: AbortSignal): Promise<SourceConnection>
}

interface SourceDeps {
  readonly context: EngineContext
  readonly sources: SourceUse
  /** For one listing, the opening included. */
  readonly timeoutMs: number
}

interface Compiled {
  readonly agent: Agent
  readonly prompt: AgentPrompt
}

/** As patient as a model call: a server that starts, or starts again, needs some seconds. */
const listRetry: StepRetry = {
  maxAttempts: 3,
  minDelayMs: 500,
  maxDelayMs: 8_000,
  retryOn: (error) => HarnessError.is(error, 'operation/timeout') || (isCodedError(error) && error.retryable),
}

/** Every provider takes names of this length. */
const maxNameLength = 64

/**
 * An agent with the tools of its sources. Each list is a step, so that a run that is resumed offers what it began
 * with, whatever the sources say by then.
 */
export async function withSourcedTools({ agent, prompt }: Compiled, deps: SourceDeps): Promise<Compiled> {
  const { context } = deps
  const what = `Agent "${agent.name}"`
  const lists = await Promise.all(agent.sources.map((source) => listOf(source, deps)))
  const tools = [...agent.tools]
  const names = new Set(tools.map(({ name }) => name))
  for (const [index, source] of agent.sources.entries()) {
    for (const listed of lists[index] ?? []) {
      const tool = toolOf(source, listed, deps)
      if (names.has(tool.name)) throw taken(what, tool.name, source)
      names.add(tool.name)
      tools.push(tool)
    }
  }
  warnOfUnused(agent, names, context)
  const specs = tools.slice(agent.tools.length).map((tool) => toolSpec(what, tool))
  return {
    agent: Object.freeze({ ...agent, tools: Object.freeze(tools) }),
    prompt: { ...prompt, tools: [...prompt.tools, ...specs] },
  }
}

function listOf(
  source: ToolSource,
  { context, sources, timeoutMs }: SourceDeps,
): Promise<readonly SourcedTool[]> {
  return context.step({
    name: `tools.${source.name}`,
    noun: 'step',
    effect: 'read',
    folded: true,
    timeoutMs,
    retry: listRetry,
    run: async ({ signal, log }) => {
      const connection = await sources.connect(source, context.run.sessionId, signal)
      const tools = await connection.list({ signal })
      return tools.filter((tool) => {
        const fits = sourcedName(source.name, tool.name).length <= maxNameLength
        if (!fits)
          log.warn('a tool is left out: its name is too long', { source: source.name, tool: tool.name })
        return fits
      })
    },
  })
}

/** A tool whose body is a call of the source, in the version that the run was told of. */
function toolOf(source: ToolSource, listed: SourcedTool, { sources }: SourceDeps): Tool {
  const { version, readOnly, idempotent } = listed
  const unlessReadOnly = idempotent ? 'idempotent' : 'once'
  return Object.freeze({
    kind: 'tool' as const,
    name: sourcedName(source.name, listed.name),
    description: listed.description,
    input: fromJsonSchema(listed.inputSchema),
    output: undefined,
    effect: readOnly ? 'read' : unlessReadOnly,
    timeoutMs: undefined,
    permission: readOnly ? 'allow' : 'ask',
    version,
    async execute(input: unknown, { sessionId, signal, idempotencyKey }: ToolContext): Promise<string> {
      const connection = await sources.connect(source, sessionId, signal)
      const options = { signal, idempotencyKey, version }
      const { isError, text } = await connection.call(listed.name, input as never, options)
      if (isError) throw new Error(text === '' ? 'The tool failed and did not say why.' : text)
      return text
    },
  } satisfies Tool)
}

function taken(what: string, name: string, source: ToolSource): HarnessError {
  return new HarnessError({
    code: 'config/definition',
    message: `${what}: the tool "${name}" of the source "${source.name}" has the name of another tool. Rename the other one, or the source.`,
  })
}

/** A permission that holds for nothing may be a slip of the pen. */
function warnOfUnused(agent: Agent, names: ReadonlySet<string>, { log }: EngineContext): void {
  for (const tool of Object.keys(agent.permissions))
    if (!names.has(tool))
      log.warn('a permission names a tool that no source has', { agent: agent.name, tool })
}
