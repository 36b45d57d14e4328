import { createHash, randomUUID } from 'node:crypto'
import type { Json, JsonObject, Logger } from '@belay/core/ports'
import { isCodedError } from '@belay/core/ports'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { abortable } from '../auth/abortable.ts'
import { CallProgress, type SendProgress } from './call-progress.ts'
import type { ExposedTool } from './exposed-tool.ts'
import type { ServableHarness, ServableRun } from './servable.ts'
import type { McpCall, ServeMcpOptions } from './serve-options.ts'
import type { SessionTurns } from './session-turns.ts'
import { errorResult, outputResult, refusalResult } from './tool-result.ts'

/** What all calls of one server share. */
export interface CallContext {
  readonly harness: ServableHarness
  readonly options: Pick<ServeMcpOptions, 'sessionOf' | 'durable'>
  readonly turns: SessionTurns
  readonly logger: Logger | undefined
}

/** One call. */
export interface CallRequest {
  readonly tool: ExposedTool
  readonly call: McpCall
  readonly input: JsonObject
  /** The client cancelled, or went away. */
  readonly signal: AbortSignal
  /** Whether it went away: a durable run goes on then. */
  readonly isGone: () => boolean
  /** Absent: the client does not want to know. */
  readonly sendProgress?: SendProgress
}

/** Runs a tool to an answer. Failures are answers as well; the caller of this decides nothing. */
export async function runToolCall(context: CallContext, request: CallRequest): Promise<CallToolResult> {
  const { tool, call, signal } = request
  let runId: string | undefined
  try {
    if (context.options.durable === true && !isRunName(call.meta['belay/runId'])) {
      return refusalResult(
        'validation/options',
        '_meta["belay/runId"] must be 1 to 64 of A-Z a-z 0-9 _ . : -',
        false,
      )
    }
    runId = runIdOf(context.options.durable, call)
    const { sessionOf } = context.options
    const isOwn = sessionOf === undefined
    const sessionId = isOwn ? ownSessionId(runId) : await sessionOf(call)
    return await context.turns.take(sessionId, signal, async () => {
      const session = await context.harness.getSession(sessionId)
      try {
        const runnable = (tool.kind === 'agent' ? session.agents : session.workflows)[tool.target]
        if (runnable === undefined) throw new TypeError(`The harness has no ${tool.kind} "${tool.target}".`)
        signal.throwIfAborted()
        const run = await runnable.start(tool.wrapsInput ? request.input['input'] : request.input, {
          metadata: metadataOf(call),
          ...(runId !== undefined && { durable: { runId } }),
        })
        return await followRun(context, run, request, runId !== undefined)
      } finally {
        const closed = isOwn ? session[Symbol.asyncDispose]().catch(() => undefined) : undefined
        // A durable run of somebody who went away goes on in the session.
        if (!request.isGone()) await closed
      }
    })
  } catch (error) {
    context.logger?.warn('a call over MCP failed', {
      tool: call.tool,
      code: isCodedError(error) ? error.code : 'internal',
      ...(runId !== undefined && { runId }),
    })
    return errorResult(error, clientRunId(call))
  }
}

/** Waits for the run, tells the client what it does, and ends it when the client no longer wants it. */
async function followRun(
  { harness }: CallContext,
  run: ServableRun,
  request: CallRequest,
  isDurable: boolean,
): Promise<CallToolResult> {
  const { tool, call, signal, isGone, sendProgress } = request
  const runId = isDurable ? (clientRunId(call) ?? run.id) : run.id
  const suspended = Promise.withResolvers<'suspended'>()
  const events = sendProgress !== undefined || isDurable ? run.events() : undefined
  const onSuspended = async (): Promise<void> => {
    // The events tell of every suspension that there was; what counts is whether it is one now.
    if ((await harness.runs.get(run.id))?.state === 'suspended') suspended.resolve('suspended')
  }
  const reading = events && readEvents(events, sendProgress, isDurable ? onSuspended : undefined)
  const onAbort = (): void => {
    if (!(isDurable && isGone())) void run.cancel('The client cancelled the call.').catch(() => undefined)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    const output = run.result.then((value) => ({ value }))
    // A durable run can be asked for again, so its client need not wait for a person who decides.
    const ended = isDurable ? Promise.race([output, suspended.promise]) : output
    const outcome = await (isDurable ? abortableWhenGone(ended, signal, isGone) : ended)
    if (outcome === 'suspended') {
      return refusalResult(
        'run/suspended',
        `The run "${runId}" waits for a decision or a signal. Call again with the same run id and arguments.`,
        true,
        runId,
      )
    }
    return outputResult(tool, outcome.value, runId)
  } finally {
    signal.removeEventListener('abort', onAbort)
    // The reader may be waiting for the next event of a run that is suspended.
    void events?.return?.()
    void reading
  }
}

/** A cancelled run is waited for, because it ends; one whose client went away may take days. */
function abortableWhenGone<T>(promise: Promise<T>, signal: AbortSignal, isGone: () => boolean): Promise<T> {
  if (!signal.aborted) {
    const gone = new AbortController()
    signal.addEventListener('abort', () => isGone() && gone.abort(signal.reason), { once: true })
    return abortable(promise, gone.signal)
  }
  return isGone() ? abortable(promise, signal) : promise
}

async function readEvents(
  events: ReturnType<ServableRun['events']>,
  sendProgress: SendProgress | undefined,
  onSuspended: (() => Promise<void>) | undefined,
): Promise<void> {
  const progress = sendProgress && new CallProgress(sendProgress)
  try {
    for await (const event of events) {
      await progress?.event(event)
      if (event.type === 'run.suspended') await onSuspended?.()
    }
  } catch {
    // Whoever waits for the result hears of it.
  }
}

/** A new conversation for each call; one of its own for each named run, which needs it again. */
function ownSessionId(runId: string | undefined): string {
  return runId === undefined ? `mcp-${randomUUID()}` : `mcp-run-${digest(runId)}`
}

function clientRunId(call: McpCall): string | undefined {
  const id = call.meta['belay/runId']
  return typeof id === 'string' ? id : undefined
}

/** Names of one principal are apart from those of another: whoever guesses one does not get its output. */
function runIdOf(durable: ServeMcpOptions['durable'], call: McpCall): string | undefined {
  if (typeof durable === 'function') return durable(call)
  const id = clientRunId(call)
  return durable === true && id !== undefined ? `mcp:${digest(call.principal)}:${id}` : undefined
}

function isRunName(id: unknown): boolean {
  return id === undefined || (typeof id === 'string' && /^[A-Za-z0-9_.:-]{1,64}$/.test(id))
}

function metadataOf({ tool, principal, mcpSessionId }: McpCall): Json {
  return { mcp: { tool, principal, sessionId: mcpSessionId } }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
