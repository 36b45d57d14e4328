import { exposedTools, type ExposedTool } from './exposed-tool.ts'
import { optionCheck } from '../option-check.ts'
import { checkHttp, serveHttp } from './http-serving.ts'
import { RunningCalls, type ProtocolContext } from './protocol-server.ts'
import type { ServableHarness } from './servable.ts'
import type { McpServing, ServeMcpOptions } from './serve-options.ts'
import { SessionTurns } from './session-turns.ts'
import { serveStdio, type Listening } from './stdio-serving.ts'

const optionKeys: readonly (keyof ServeMcpOptions)[] = [
  'expose',
  'transport',
  'name',
  'version',
  'instructions',
  'sessionOf',
  'durable',
  'maxCalls',
  'drainMs',
  'logger',
]
const check = optionCheck((why) => {
  throw new TypeError(`serveMcp: ${why}`)
})

/**
 * Exposes chosen agents and workflows of a harness as tools of an MCP server. The harness stays the application's: it
 * is not shut down with the server.
 *
 * Throws `TypeError` for options that are not valid, `tool-source/unavailable` when it cannot listen.
 */
export async function serveMcp(harness: ServableHarness, options: ServeMcpOptions): Promise<McpServing> {
  check.keys('options', options, optionKeys)
  const tools = exposedTools(harness, options.expose)
  const { transport, name = harness.name, version = '1', instructions, logger, drainMs = 5_000 } = options
  checkOptions(options)
  await checkTargets(harness, tools)
  const calls = new RunningCalls(options.maxCalls ?? 64)
  const context: ProtocolContext = {
    harness,
    options,
    tools,
    calls,
    turns: new SessionTurns(),
    logger,
    identity: { name, version, ...(instructions !== undefined && { instructions }) },
  }
  const listening =
    transport.type === 'http' ? await serveHttp(context, transport) : await serveStdio(context)
  let closing: Promise<void> | undefined
  const close = (waitMs: number): Promise<void> => (closing ??= closeAll(listening, calls, waitMs))
  // Nobody hears the answers any more when the other side has ended it.
  const closed = listening.ended.then(() => close(0))
  return {
    closed,
    close: () => close(drainMs),
    ...(listening.url !== undefined && { url: listening.url }),
  }
}

/** A name that leads nowhere is found now, and not by the first client. */
async function checkTargets(harness: ServableHarness, tools: readonly ExposedTool[]): Promise<void> {
  const session = await harness.getSession('mcp-check')
  await session[Symbol.asyncDispose]()
  for (const { kind, target } of tools) {
    if ((kind === 'agent' ? session.agents : session.workflows)[target] === undefined) {
      throw new TypeError(`serveMcp: the harness "${harness.name}" has no ${kind} under "${target}".`)
    }
  }
}

/** Running calls may end for a while; closing a connection cancels what is left, and that is waited for as well. */
async function closeAll(listening: Listening, calls: RunningCalls, waitMs: number): Promise<void> {
  calls.isClosing = true
  const settled = calls.settled()
  if (waitMs > 0) {
    const timeout = Promise.withResolvers<void>()
    const timer = setTimeout(timeout.resolve, waitMs)
    await Promise.race([settled, timeout.promise])
    clearTimeout(timer)
  }
  await listening.close()
  await settled
}

function checkOptions({ transport, sessionOf, durable, maxCalls, drainMs }: ServeMcpOptions): void {
  if (transport?.type !== 'stdio' && transport?.type !== 'http') {
    throw new TypeError("serveMcp: transport.type must be 'stdio' or 'http'.")
  }
  if (transport.type === 'http') checkHttp(transport)
  if (sessionOf !== undefined && typeof sessionOf !== 'function') {
    throw new TypeError('serveMcp: sessionOf must be a function.')
  }
  if (durable !== undefined && typeof durable !== 'boolean' && typeof durable !== 'function') {
    throw new TypeError('serveMcp: durable must be true, false or a function.')
  }
  if (maxCalls !== undefined && !(Number.isInteger(maxCalls) && maxCalls > 0)) {
    throw new TypeError('serveMcp: maxCalls must be a whole number above 0.')
  }
  if (drainMs !== undefined && !(Number.isFinite(drainMs) && drainMs >= 0)) {
    throw new TypeError('serveMcp: drainMs must be at least 0.')
  }
}
