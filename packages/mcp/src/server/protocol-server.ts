import type { JsonObject } from '@belay/core/ports'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { CallToolResult, ListToolsResult } from '@modelcontextprotocol/sdk/types.js'
import type { ExposedTool } from './exposed-tool.ts'
import type { ServeMcpOptions } from './serve-options.ts'
import { runToolCall, type CallContext } from './tool-call.ts'
import { refusalResult } from './tool-result.ts'

/** Calls of all connections. */
export class RunningCalls {
  readonly #limit: number
  readonly #running = new Set<Promise<unknown>>()
  /** A server that is closing takes no new call. */
  isClosing = false

  constructor(limit: number) {
    this.#limit = limit
  }

  async run(work: () => Promise<CallToolResult>): Promise<CallToolResult> {
    if (this.isClosing) return refusalResult('tool-source/closed', 'The server is closing.', true)
    if (this.#running.size >= this.#limit) {
      return refusalResult(
        'tool-source/unavailable',
        `The server runs ${this.#limit} calls already. Try again later.`,
        true,
      )
    }
    const call = work()
    this.#running.add(call)
    try {
      return await call
    } finally {
      this.#running.delete(call)
    }
  }

  /** Resolves when every call has been answered. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
  }
}

/** What connections share. */
export interface ProtocolContext extends CallContext {
  readonly tools: readonly ExposedTool[]
  readonly calls: RunningCalls
  readonly identity: Required<Pick<ServeMcpOptions, 'name' | 'version'>> &
    Pick<ServeMcpOptions, 'instructions'>
}

/** Who is at the other end of a connection. */
export interface Peer {
  readonly principal: string
  readonly mcpSessionId: string
}

/** One connection. */
export interface Connection {
  close(): Promise<void>
}

/** Answers the protocol over a transport of the SDK, which is loaded when the first server starts. */
export async function connect(
  context: ProtocolContext,
  transport: Transport,
  peer: Peer,
): Promise<Connection> {
  const [{ Server }, { CallToolRequestSchema, ListToolsRequestSchema, ErrorCode, McpError }] =
    await Promise.all([
      import('@modelcontextprotocol/sdk/server/index.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ])
  const { name, version, instructions } = context.identity
  const server = new Server(
    { name, version },
    { capabilities: { tools: {} }, ...(instructions !== undefined && { instructions }) },
  )
  let isGone = false
  // Set before the SDK aborts what runs, so that a lost connection can be told from a cancelled request.
  const onclose = (): void => {
    isGone = true
  }
  // The SDK has one handler of each kind, no listeners.
  Object.assign(transport, { onclose })
  const listed = { tools: context.tools.map((tool) => tool.listed) } as unknown as ListToolsResult
  const byName = new Map(context.tools.map((tool) => [tool.name, tool]))
  server.setRequestHandler(ListToolsRequestSchema, () => listed)
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const tool = byName.get(params.name)
    if (tool === undefined) {
      throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name.slice(0, 128)}`)
    }
    const { _meta: { progressToken, ...meta } = {} } = params
    const sendProgress = async (progress: number, message: string): Promise<void> => {
      if (progressToken === undefined || isGone) return
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress, message },
      })
    }
    return context.calls.run(() =>
      runToolCall(context, {
        tool,
        call: { tool: tool.name, ...peer, meta: meta as JsonObject },
        input: (params.arguments ?? {}) as JsonObject,
        signal: extra.signal,
        isGone: () => isGone,
        ...(progressToken !== undefined && { sendProgress }),
      }),
    )
  })
  // An answer that can no longer be delivered is no failure of the server.
  const onerror = (error: Error): void =>
    context.logger?.debug('a message over MCP was not taken', { kind: error.name })
  Object.assign(server, { onerror })
  await server.connect(transport)
  return { close: () => server.close() }
}
