import { PortError } from '@belay/core/ports'
import type { IsolationReport, Platform, Sandbox, SandboxRequest } from '@belay/core/ports'
import { createCommands, type Commands } from './exec/commands.ts'
import { closedFault, errnoOf, ioFault } from './files/file-faults.ts'
import { openFiles, type OpenedFiles } from './files/sandbox-files.ts'
import type { AdapterParts } from './sandbox-adapter.ts'
import { makeSandboxFolder, type SandboxFolder } from './sandbox-folder.ts'

/** What opening needs. */
export interface OpenInit {
  readonly parts: AdapterParts
  readonly report: IsolationReport
  readonly request: SandboxRequest
  readonly timer: Platform['timer']
  /** Called once the sandbox is closed. */
  readonly closed: () => void
}

/** Opens one sandbox; what was made for one that does not open is removed. */
export async function openSandbox(init: OpenInit): Promise<Sandbox> {
  const { parts, report, request, timer } = init
  const folder = await coded(makeSandboxFolder(parts.root, treeFor(parts, request.workspace)))
  let files: OpenedFiles | undefined
  try {
    files = await coded(openFiles(folder.place, { quota: parts.quota, timer }))
    const commands =
      parts.commands === undefined ? undefined : createCommands(folder.place, parts.commands, report)
    if (request.signal?.aborted === true) {
      await commands?.close()
      throw request.signal.reason
    }
    return new LocalSandbox({ report, folder, opened: files, commands, closed: init.closed })
  } catch (error) {
    await files?.close().catch(() => undefined)
    await folder.remove().catch(() => undefined)
    throw error
  }
}

function treeFor({ treeOf }: AdapterParts, handle: string | undefined): string | undefined {
  const tree = handle === undefined ? undefined : treeOf(handle)
  if (handle !== undefined && tree === undefined) {
    throw new PortError({
      code: 'workspace/missing',
      message:
        'No workspace with this handle is open here. Open or restore it first, from the adapter of the same root.',
    })
  }
  return tree
}

interface SandboxParts {
  readonly report: IsolationReport
  readonly folder: SandboxFolder
  readonly opened: OpenedFiles
  readonly commands: Commands | undefined
  readonly closed: () => void
}

/** One open sandbox. Its tree is counted again after commands. */
class LocalSandbox implements Sandbox {
  readonly report: IsolationReport
  readonly files: Sandbox['files']
  // Declared and not defined: a sandbox without commands does not have the properties.
  declare readonly exec?: NonNullable<Sandbox['exec']>
  declare readonly spawn?: NonNullable<Sandbox['spawn']>
  readonly #parts: SandboxParts
  #closing: Promise<void> | undefined

  constructor(parts: SandboxParts) {
    const { report, opened, commands } = parts
    this.#parts = parts
    this.report = report
    this.files = opened.files
    if (commands === undefined) return
    const { usage } = opened
    this.exec = async (...given) => {
      this.#requireOpen()
      usage.commandStarts()
      return await commands.exec(...given).finally(() => usage.commandEnds())
    }
    this.spawn = async (...given) => {
      this.#requireOpen()
      usage.commandStarts()
      try {
        const started = await commands.spawn(...given)
        void started.ended.then(() => usage.commandEnds())
        return started
      } catch (error) {
        usage.commandEnds()
        throw error
      }
    }
  }

  readonly close = async (): Promise<void> => {
    await (this.#closing ??= this.#close())
  }

  /** Processes end first, so that nothing changes what is removed. Each part is closed even if one before it fails. */
  async #close(): Promise<void> {
    const { commands, opened, folder, closed } = this.#parts
    const ended = [
      await settled(commands?.close()),
      await settled(opened.close()),
      await settled(coded(folder.remove())),
    ]
    closed()
    const fault = ended.find((end) => end.status === 'rejected')
    if (fault !== undefined) throw fault.reason
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw closedFault()
  }
}

async function settled(work: Promise<void> | undefined): Promise<PromiseSettledResult<void>> {
  const [result] = await Promise.allSettled([work ?? Promise.resolve()])
  return result
}

async function coded<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw errnoOf(error) === undefined ? error : ioFault('/workspace', error)
  }
}
