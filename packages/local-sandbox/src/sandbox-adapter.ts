import { PortError, portSpecs } from '@belay/core/ports'
import type {
  AdapterContext,
  AdapterInfo,
  IsolationReport,
  Logger,
  Platform,
  Sandbox,
  SandboxAdapter,
  SandboxRequest,
} from '@belay/core/ports'
import { checkIsolation } from './exec/commands.ts'
import { errnoOf } from './files/file-faults.ts'
import { noCommands } from './no-commands.ts'
import { openSandbox } from './open-sandbox.ts'
import { removeStaleFolders } from './sandbox-folder.ts'
import type { SandboxSettings } from './sandbox-options.ts'
import { packageVersion } from './version.ts'

/** What an adapter is made of. */
export interface AdapterParts extends SandboxSettings {
  /** The tree of an opened workspace. */
  readonly treeOf: (handle: string) => string | undefined
}

/** UTF-16 units of the key of a sandbox. */
const longestKey = 256

/** Opens sandboxes of one root, and knows which are open. */
export class LocalSandboxAdapter implements SandboxAdapter {
  readonly info: AdapterInfo
  readonly report: IsolationReport
  readonly #parts: AdapterParts
  readonly #open = new Map<string, Promise<Sandbox>>()
  readonly #ending = new AbortController()
  #timer: Platform['timer'] = plainTimer
  #logger: Logger | undefined
  #cleaning: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(parts: AdapterParts) {
    this.#parts = parts
    this.report = parts.commands === undefined ? noCommands : checkIsolation(parts.commands)
    const isIsolated = parts.commands !== undefined && this.report.isolation === 'strict'
    this.info = {
      id: 'local-sandbox',
      packageName: '@belay/local-sandbox',
      version: packageVersion,
      specs: { sandbox: portSpecs.sandbox },
      capabilities: [
        ...(parts.commands === undefined ? [] : ['sandbox.exec' as const]),
        ...(isIsolated ? ['sandbox.isolated' as const] : []),
      ],
    }
  }

  configure({ logger, platform }: AdapterContext): void {
    this.#logger = logger
    this.#timer = (delayMs, fire, options) => platform.timer(delayMs, fire, options)
  }

  async open(request: SandboxRequest): Promise<Sandbox> {
    const { key, signal } = request
    if (typeof key !== 'string' || key === '' || key.length > longestKey)
      throw new TypeError(`The key of a sandbox has to be 1 to ${longestKey} UTF-16 units.`)
    if (this.#closing !== undefined) {
      throw new PortError({ code: 'sandbox/closed', message: 'The adapter of the sandbox is closed.' })
    }
    signal?.throwIfAborted()
    if (this.#open.has(key))
      throw new TypeError(`A sandbox with the key ${JSON.stringify(key)} is open already.`)
    this.#cleaning ??= this.#removeStale()
    const opening = openSandbox({
      parts: this.#parts,
      report: this.report,
      request,
      timer: (...given) => this.#timer(...given),
      closed: () => this.#open.delete(key),
    })
    this.#open.set(key, opening)
    try {
      return await opening
    } catch (error) {
      this.#open.delete(key)
      throw error
    }
  }

  async close(): Promise<void> {
    await (this.#closing ??= this.#closeAll())
  }

  async #closeAll(): Promise<void> {
    this.#ending.abort()
    const ended = await Promise.allSettled([...this.#open.values()].map(closeOpened))
    await this.#cleaning
    const faults = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
    if (faults.length === 0) return
    throw new PortError({
      code: 'sandbox/io',
      message: `${faults.length} of ${ended.length} sandboxes could not be closed whole. Look at the cause, and at the root.`,
      cause: faults.length === 1 ? faults[0] : new AggregateError(faults),
    })
  }

  async #removeStale(): Promise<void> {
    const failed = (error: unknown): void => {
      this.#logger?.warn('stale sandbox not removed', { code: errnoOf(error) ?? 'unknown' })
    }
    await removeStaleFolders(this.#parts.root, failed, this.#ending.signal).catch(failed)
  }
}

/** One that failed to open is not there to be closed. */
async function closeOpened(opening: Promise<Sandbox>): Promise<void> {
  const sandbox = await opening.catch(() => undefined)
  await sandbox?.close()
}

/** Until a harness gives its own. Delays of searches are far below what a timer of Node takes. */
const plainTimer: Platform['timer'] = (delayMs, fire, options) => {
  const timer = setTimeout(fire, delayMs)
  if (options?.keepAlive === false) timer.unref()
  return { cancel: () => clearTimeout(timer) }
}
