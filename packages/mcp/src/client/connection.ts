import {
  isCodedError,
  type JsonObject,
  type Logger,
  type PortError,
  type SourceCallOptions,
  type SourceConnection,
  type SourcedResult,
  type SourcedTool,
} from '@belay/core/ports'
import { abortable } from '../auth/abortable.ts'
import type { Link, RequestInit } from './link.ts'
import type { ResolvedOptions } from './options.ts'
import { callResourceTool, resourceTools } from './resources.ts'
import { sourceError } from './source-error.ts'
import { sourcedTools } from './tool-list.ts'
import { sourcedResult } from './tool-text.ts'
import { within } from './within.ts'

/** A server that lists more does not mean a model to read it. */
const maxTools = 1_000
const maxPages = 100
const maxListBytes = 16_777_216

/**
 * How old a list may be when a tool is called that may change something. Calls of one turn share a list; what somebody
 * had to approve is compared again.
 */
const freshMs = 1_000

/** What is still being opened is ended when it is open; nobody waits for that longer. */
const closeMs = 4_800

/** What a connection is made from. */
export interface ConnectionInit {
  readonly options: ResolvedOptions
  readonly logger: Logger
  /** Starts the server, or reaches it, and greets it. */
  readonly openLink: (signal: AbortSignal) => Promise<Link>
  readonly onClose: () => void
}

/** The tools of one link, as they were last listed. */
interface Listing {
  readonly tools: ReadonlyMap<string, SourcedTool>
  readonly at: number
}

/** One session's way to a server. A link that broke is replaced for the next call; calls that were under way fail. */
export class McpConnection implements SourceConnection {
  readonly #init: ConnectionInit
  readonly #closing = new AbortController()
  #link: Promise<Link> | undefined
  /** What `#link` gave. */
  #ready: Link | undefined
  #listings = new WeakMap<Link, Listing>()
  #closed: Promise<void> | undefined

  constructor(init: ConnectionInit) {
    this.#init = init
  }

  /** The first link, so that a server that is not there is known at once. */
  async start(signal: AbortSignal | undefined): Promise<this> {
    await this.#live(signal)
    return this
  }

  async list(options: { readonly signal?: AbortSignal } = {}): Promise<readonly SourcedTool[]> {
    const { tools } = await this.#repeated(true, options.signal, (link) => this.#listOn(link, options.signal))
    return [...tools.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async call(name: string, input: JsonObject, options: SourceCallOptions): Promise<SourcedResult> {
    const { signal, onProgress } = options
    const { timeoutMs } = this.#init.options
    const init: RequestInit = { signal, timeoutMs, onProgress }
    let mayRepeat = false
    const attempt = async (link: Link): Promise<SourcedResult> => {
      const tool = await this.#listed(link, name, options)
      mayRepeat = tool.readOnly || tool.idempotent
      if (resourceTools.get(name)?.version === tool.version) return callResourceTool(link, name, input, init)
      return sourcedResult(
        await link.request(
          'tools/call',
          { name, arguments: input, _meta: { 'belay/idempotency-key': options.idempotencyKey } },
          init,
        ),
      )
    }
    return this.#repeated(() => mayRepeat, signal, attempt)
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#closing.abort(this.#closedError())
    const opening = this.#link?.then((link) => link.end())
    if (opening !== undefined) await within(opening, closeMs)
    this.#init.onClose()
  }

  /** Once more on a new link when the first was lost on the way, where that does no harm. */
  async #repeated<T>(
    harmless: boolean | (() => boolean),
    signal: AbortSignal | undefined,
    work: (link: Link) => Promise<T>,
  ): Promise<T> {
    const link = await this.#live(signal)
    try {
      return await work(link)
    } catch (error) {
      const lost = isCodedError(error) && error.meta['reason'] === 'session_lost'
      const may = typeof harmless === 'boolean' ? harmless : harmless()
      if (!lost || !may || this.#closed !== undefined) throw error
      await this.#drop(link)
      return work(await this.#live(signal))
    }
  }

  /** A link that can be used; a new one in the place of one that broke. */
  async #live(signal: AbortSignal | undefined): Promise<Link> {
    if (this.#closed !== undefined) throw this.#closedError()
    // Most calls find the link as it was, and need not wait for anything.
    const current = this.#ready ?? (await abortable(this.#opened(), signal))
    if (current.fault === undefined) return current
    await this.#drop(current)
    const next = await abortable(this.#opened(), signal)
    if (next.fault !== undefined) throw next.fault
    return next
  }

  #opened(): Promise<Link> {
    if (this.#link !== undefined) return this.#link
    const opening = this.#init.openLink(this.#closing.signal)
    this.#link = opening
    void opening.then(
      (link) => {
        if (this.#link === opening) this.#ready = link
      },
      () => {
        if (this.#link === opening) this.#link = undefined
      },
    )
    return opening
  }

  /** Waits until nothing is left of it: two servers of one session never run at once. */
  async #drop(link: Link): Promise<void> {
    const current = this.#link
    if ((await current?.catch(() => undefined)) === link && this.#link === current) this.#link = undefined
    if (this.#ready === link) this.#ready = undefined
    await link.end()
  }

  async #listed(link: Link, name: string, { version, signal }: SourceCallOptions): Promise<SourcedTool> {
    const known = this.#listings.get(link)
    const mayBeOld =
      known !== undefined && Date.now() - known.at > freshMs && known.tools.get(name)?.readOnly !== true
    const listing = known === undefined || link.changed || mayBeOld ? await this.#listOn(link, signal) : known
    const tool = listing.tools.get(name)
    const { name: source } = this.#init.options
    if (tool === undefined) {
      throw sourceError('tool-source/unknown-tool', {
        message: `The MCP server "${source}" has no tool "${name}" any more.`,
        meta: { source, tool: name },
      })
    }
    if (tool.version === version) return tool
    throw sourceError('tool-source/changed', {
      message: `The tool "${name}" of the MCP server "${source}" has changed since it was listed. It was not called; the next run lists it anew.`,
      meta: { source, tool: name },
    })
  }

  async #listOn(link: Link, signal: AbortSignal | undefined): Promise<Listing> {
    const { options, logger } = this.#init
    const { name: source, tools: only, timeoutMs, resources } = options
    link.changed = false
    const listed = link.has('tools') ? await this.#pages(link, { signal, timeoutMs }) : []
    const tools = sourcedTools(listed, { source, only, logger })
    if (resources === true && link.has('resources'))
      for (const [name, tool] of resourceTools) if (!tools.has(name)) tools.set(name, tool)
    const listing = { tools, at: Date.now() }
    this.#listings.set(link, listing)
    return listing
  }

  async #pages(link: Link, init: RequestInit): Promise<readonly unknown[]> {
    const listed: unknown[] = []
    const until = Date.now() + init.timeoutMs
    let cursor: unknown
    let bytes = 0
    for (let page = 0; page < maxPages; page++) {
      const timeoutMs = Math.max(1, until - Date.now())
      const result = await link.request('tools/list', cursor === undefined ? {} : { cursor }, {
        ...init,
        timeoutMs,
      })
      if (!Array.isArray(result['tools'])) throw this.#badList('result')
      listed.push(...(result['tools'] as readonly unknown[]))
      bytes += sizeOf(result)
      cursor = result['nextCursor']
      if (listed.length > maxTools || bytes > maxListBytes) throw this.#badList('too_many_tools')
      if (typeof cursor !== 'string') return listed
    }
    throw this.#badList('too_many_pages')
  }

  #badList(reason: string): PortError {
    const { name: source } = this.#init.options
    return sourceError('tool-source/malformed', {
      message: `The MCP server "${source}" sent a list of tools that is not taken: ${reason.replaceAll('_', ' ')}.`,
      meta: { source, reason },
    })
  }

  #closedError(): PortError {
    const { name: source } = this.#init.options
    return sourceError('tool-source/closed', {
      message: `The connection to the MCP server "${source}" was closed.`,
      meta: { source },
    })
  }
}

/** Roughly; deep values have no size and are left out tool by tool. */
function sizeOf(value: unknown): number {
  try {
    return JSON.stringify(value).length
  } catch {
    return 0
  }
}
