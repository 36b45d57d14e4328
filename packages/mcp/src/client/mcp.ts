import {
  isCodedError,
  portSpecs,
  type PortError,
  type SandboxProcess,
  type SourceConnection,
  type SourceRequest,
  type ToolSource,
} from '@belay/core/ports'
import { packageVersion } from '../version.ts'
import { McpConnection } from './connection.ts'
import { startOnHost } from './host-process.ts'
import { openHttp } from './http-transport.ts'
import { Link } from './link.ts'
import { resolveOptions, type McpOptions, type ResolvedOptions, type StdioServer } from './options.ts'
import { sourceError } from './source-error.ts'
import { StdioTransport } from './stdio-transport.ts'

/**
 * An MCP server as a source of tools. A program is started in the sandbox of each session that uses it; nothing is
 * started or reached before an agent runs. Throws `TypeError` for options that are not valid.
 */
export function mcp(options: McpOptions): ToolSource {
  return new McpSource(resolveOptions(options))
}

class McpSource implements ToolSource {
  readonly kind = 'tool-source'
  readonly name: string
  readonly info = {
    id: 'mcp',
    packageName: '@belay/mcp',
    version: packageVersion,
    specs: { 'tool-source': portSpecs['tool-source'] },
    capabilities: [],
  } as const
  readonly #options: ResolvedOptions
  readonly #connections = new Set<McpConnection>()
  #closed = false

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.name = options.name
  }

  async open(request: SourceRequest): Promise<SourceConnection> {
    request.signal?.throwIfAborted()
    if (this.#closed) throw this.#error('closed', 'was closed', 'closed')
    const connection: McpConnection = new McpConnection({
      options: this.#options,
      logger: request.logger,
      openLink: (signal) => this.#openLink(request, signal),
      onClose: () => void this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    try {
      return await connection.start(request.signal)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#connections].map((connection) => connection.close()))
  }

  async #openLink(request: SourceRequest, signal: AbortSignal): Promise<Link> {
    const { name, transport, startTimeoutMs, maxMessageBytes } = this.#options
    const init = { signal, timeoutMs: startTimeoutMs }
    if (transport.type === 'http')
      return Link.open(name, await openHttp({ ...this.#options, transport }), init)
    const process = await this.#start(transport, request, signal)
    const { logger } = request
    return Link.open(
      name,
      new StdioTransport({ source: name, process, maxMessageBytes, logger, onStderr: transport.onStderr }),
      init,
    )
  }

  async #start(server: StdioServer, request: SourceRequest, signal: AbortSignal): Promise<SandboxProcess> {
    try {
      if (server.host === true) return await startOnHost(server, signal)
      const sandbox = await request.sandbox()
      if (sandbox.spawn === undefined)
        throw this.#error('unavailable', 'is a program, and the sandbox of the session runs none', 'no_exec')
      const { command, args = [], env = {}, cwd } = server
      return await sandbox.spawn(command, { args, env, ...(cwd !== undefined && { cwd }) })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!isCodedError(error) || !error.code.startsWith('sandbox/')) throw error
      const retryable = error.code === 'sandbox/io'
      throw this.#error('unavailable', `could not be started: ${error.code}`, 'not_started', {
        error,
        retryable,
      })
    }
  }

  #error(
    code: 'closed' | 'unavailable',
    what: string,
    reason: string,
    init: { readonly error?: PortError<string>; readonly retryable?: boolean } = {},
  ): PortError {
    return sourceError(`tool-source/${code}`, {
      message: `The MCP server "${this.name}" ${what}.`,
      retryable: init.retryable ?? false,
      meta: { source: this.name, reason, ...(init.error !== undefined && { code: init.error.code }) },
      cause: init.error,
    })
  }
}
