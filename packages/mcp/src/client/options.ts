import type { ServerAuth } from '../auth/server-auth.ts'
import { optionCheck } from '../option-check.ts'

/** A server that is a program. It talks over its standard input and output. */
export interface StdioServer {
  readonly type: 'stdio'
  readonly command: string
  readonly args?: readonly string[]
  /** Default: `/workspace` of the sandbox; on the host, where this process stands. */
  readonly cwd?: string
  /** Everything that the program sees beside `PATH`, `HOME`, `TMPDIR` and `LANG`. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * Runs it on this host and not in the session's sandbox: it can read, write and connect as this process can. Default
   * false. What it starts is ended with it as far as the host can tell.
   */
  readonly host?: boolean
  /** Sees what the program writes to its standard error, as it comes. It is content, and nothing else keeps it. */
  readonly onStderr?: (text: string) => void
}

/** A server at an address, over streamable HTTP. */
export interface HttpServer {
  readonly type: 'http'
  readonly url: string | URL
  /** Sent with each request. Credentials belong into `auth`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What `mcp` takes. */
export interface McpOptions {
  /** 1 to 32 of a-z 0-9 -, a letter first: models see its tools as `<name>_<tool>`. */
  readonly name: string
  readonly transport: StdioServer | HttpServer
  /** For `http`. */
  readonly auth?: ServerAuth
  /** Only these tools, by the server's names. Default: all. */
  readonly tools?: readonly string[]
  /** Adds the tools `list_resources` and `read_resource` where the server has resources. Default false. */
  readonly resources?: boolean
  /** Milliseconds for one call or listing. Default 60,000. */
  readonly timeoutMs?: number
  /** Milliseconds until a server has started and answered the first time. Default 30,000. */
  readonly startTimeoutMs?: number
  /** Bytes of one message of the server. Default 10,485,760. */
  readonly maxMessageBytes?: number
}

/** Options with nothing left open. */
export interface ResolvedOptions extends McpOptions {
  readonly timeoutMs: number
  readonly startTimeoutMs: number
  readonly maxMessageBytes: number
}

const optionKeys: readonly (keyof McpOptions)[] = [
  'name',
  'transport',
  'auth',
  'tools',
  'resources',
  'timeoutMs',
  'startTimeoutMs',
  'maxMessageBytes',
]
const stdioKeys: readonly (keyof StdioServer)[] = [
  'type',
  'command',
  'args',
  'cwd',
  'env',
  'host',
  'onStderr',
]
const httpKeys: readonly (keyof HttpServer)[] = ['type', 'url', 'headers']

const sourceName = /^[a-z][a-z0-9-]{0,31}$/

/** Throws a `TypeError` that says what is wrong, and never a value that may be a secret. */
export function resolveOptions(options: McpOptions): ResolvedOptions {
  const refuse = (why: string): never => {
    throw new TypeError(`mcp(): ${why}`)
  }
  const check = optionCheck(refuse)
  check.keys('options', options, optionKeys)
  const { name, transport, auth, tools, resources } = options
  if (typeof name !== 'string' || !sourceName.test(name))
    refuse('name must be 1 to 32 of a-z 0-9 -, a letter first.')
  if (transport?.type === 'stdio') {
    if (typeof transport.command !== 'string' || transport.command === '')
      refuse('transport.command is missing.')
    check.keys('transport', transport, stdioKeys)
    check.texts('transport.args', transport.args)
    check.record('transport.env', transport.env)
    check.type('transport.cwd', transport.cwd, 'string')
    check.type('transport.host', transport.host, 'boolean')
    check.type('transport.onStderr', transport.onStderr, 'function')
    if (auth !== undefined) refuse('auth is for http; give a program its credentials in transport.env.')
  } else if (transport?.type === 'http') {
    check.keys('transport', transport, httpKeys)
    check.record('transport.headers', transport.headers)
    check.type('auth', auth, 'object')
    const address = String(transport.url)
    const url = URL.canParse(address) ? new URL(address) : refuse('transport.url is not an address.')
    if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('transport.url must be http or https.')
    if (url.username !== '' || url.password !== '') refuse('transport.url holds credentials; use auth.')
  } else refuse("transport.type must be 'stdio' or 'http'.")
  if (tools !== undefined && !(Array.isArray(tools) && tools.every((tool) => typeof tool === 'string')))
    refuse('tools must be a list of names.')
  check.type('resources', resources, 'boolean')
  const limits = {
    timeoutMs: options.timeoutMs ?? 60_000,
    startTimeoutMs: options.startTimeoutMs ?? 30_000,
    maxMessageBytes: options.maxMessageBytes ?? 10_485_760,
  }
  for (const [field, value] of Object.entries(limits))
    if (!Number.isInteger(value) || value < 1 || value > 2_147_483_647)
      refuse(`${field} must be a whole number from 1 to 2,147,483,647.`)
  return { ...options, ...limits }
}
