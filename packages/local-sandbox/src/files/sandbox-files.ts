import {
  checkMount,
  checkSandboxPath,
  compileGlob,
  optionWithin,
  replaceInBytes,
  sandboxBounds,
  sandboxLimits,
} from '@belay/core/ports'
import type { FileCallOptions, Platform, SandboxFiles, SandboxPath, WorkspaceQuota } from '@belay/core/ports'
import type { Place } from '../tree.ts'
import { CallGate, type Call } from './call-gate.ts'
import { pathFault } from './file-faults.ts'
import { readFile, statFile } from './file-read.ts'
import { removeFile } from './file-removal.ts'
import { globFiles, grepFiles } from './file-search.ts'
import { writeFile, type WritePlace } from './file-write.ts'
import { listFolder } from './folder-list.ts'
import { HeldFolder } from './held-folder.ts'
import { mountFiles } from './skill-mount.ts'
import { StagingFolder } from './staging-folder.ts'
import { TreeUsage } from './tree-usage.ts'

/** What file calls of a sandbox need to know. */
export interface FileSettings {
  readonly quota: WorkspaceQuota
  readonly timer: Platform['timer']
}

/** The files of one sandbox, with what only its adapter does. */
export interface OpenedFiles {
  readonly files: SandboxFiles
  readonly usage: TreeUsage
  /** Ends the calls under way, and refuses others. */
  close(): Promise<void>
}

/** The folders of a place, held open as long as the sandbox is. */
interface Held {
  readonly workspace: HeldFolder
  readonly skills: HeldFolder
  readonly staging: HeldFolder
}

/** Opens the files of a place. */
export async function openFiles(place: Place, settings: FileSettings): Promise<OpenedFiles> {
  const held = await holdAll(place)
  const gate = new CallGate()
  const usage = new TreeUsage(held.workspace, settings.quota)
  let closing: Promise<void> | undefined
  return {
    files: new LocalFiles(held, gate, usage, settings.timer),
    usage,
    close: () => (closing ??= gate.close().then(async () => await releaseAll(Object.values(held)))),
  }
}

async function holdAll(place: Place): Promise<Held> {
  const opened: HeldFolder[] = []
  const hold = async (path: string): Promise<HeldFolder> => {
    const folder = await HeldFolder.open(path)
    opened.push(folder)
    return folder
  }
  try {
    return {
      workspace: await hold(place.workspace),
      skills: await hold(place.skills),
      staging: await hold(place.staging),
    }
  } catch (error) {
    await releaseAll(opened)
    throw error
  }
}

async function releaseAll(folders: readonly HeldFolder[]): Promise<void> {
  for (const folder of folders) await folder.close()
}

/** Checks what a caller gives before anything is touched, and hands it to the file of each call. */
class LocalFiles implements SandboxFiles {
  readonly #held: Held
  readonly #gate: CallGate
  readonly #timer: Platform['timer']
  readonly #place: WritePlace

  constructor(held: Held, gate: CallGate, usage: TreeUsage, timer: Platform['timer']) {
    this.#held = held
    this.#gate = gate
    this.#timer = timer
    this.#place = { root: held.workspace, staging: new StagingFolder(held.staging), usage }
  }

  async read(path: string, options: Parameters<SandboxFiles['read']>[1] = {}) {
    const at = this.#at(path)
    const offset = optionWithin('offset', options.offset, sandboxBounds.readOffset)
    const limit = optionWithin('limit', options.limit, sandboxBounds.readLimit)
    return await this.#run(
      path,
      options,
      async (call) => await readFile(call, at.root, at.parts, { offset, limit }),
    )
  }

  async write(
    path: string,
    bytes: Uint8Array,
    options: Parameters<SandboxFiles['write']>[2] = {},
  ): Promise<void> {
    const parts = writable(path)
    if (!(bytes instanceof Uint8Array)) throw new TypeError('The content of a file has to be a Uint8Array.')
    const mode =
      options.mode === undefined ? undefined : optionWithin('mode', options.mode, sandboxBounds.fileMode)
    await this.#run(path, options, async (call) => await writeFile(call, this.#place, { parts, bytes, mode }))
  }

  async edit(path: string, edit: Parameters<SandboxFiles['edit']>[1], options: FileCallOptions = {}) {
    const parts = writable(path)
    return await this.#run(path, options, async (call) => {
      // One byte more than may be edited tells a file that is too large.
      const range = { offset: 0, limit: sandboxLimits.textBytes + 1 }
      const content = await readFile(call, this.#held.workspace, parts, range)
      const { bytes, replacements } = replaceInBytes(content?.bytes, edit)
      await writeFile(call, this.#place, { parts, bytes })
      return { replacements }
    })
  }

  async list(path: string, options: Parameters<SandboxFiles['list']>[1] = {}) {
    const at = this.#at(path)
    const limit = optionWithin('limit', options.limit, sandboxBounds.listLimit)
    return await this.#run(path, options, async (call) => await listFolder(call, at.root, at.parts, limit))
  }

  async glob(pattern: string, options: Parameters<SandboxFiles['glob']>[1] = {}) {
    const { path = '/workspace' } = options
    const at = this.#at(path)
    const limit = optionWithin('limit', options.limit, sandboxBounds.globLimit)
    compileGlob(pattern)
    return await this.#run(path, options, async (call) => await globFiles(call, at, { pattern, limit }))
  }

  async grep(pattern: string, options: Parameters<SandboxFiles['grep']>[1] = {}) {
    const { path = '/workspace', signal } = options
    const at = this.#at(path)
    return await this.#run(path, options, async (call) => {
      const { closing } = this.#gate
      const ending = signal === undefined ? closing : AbortSignal.any([signal, closing])
      return await grepFiles(call, at, { ...options, pattern, timer: this.#timer, signal: ending })
    })
  }

  async stat(path: string, options: FileCallOptions = {}) {
    const at = this.#at(path)
    return await this.#run(path, options, async (call) => await statFile(call, at.root, at.parts))
  }

  async remove(path: string, options: FileCallOptions = {}): Promise<boolean> {
    const parts = writable(path)
    return await this.#run(path, options, async (call) => await removeFile(call, this.#place, parts))
  }

  async mount(
    path: string,
    files: Parameters<SandboxFiles['mount']>[1],
    options: FileCallOptions = {},
  ): Promise<void> {
    checkMount(path, files)
    const { skills } = this.#held
    const { staging } = this.#place
    await this.#run(path, options, async (call) => await mountFiles(call, { skills, staging }, files))
  }

  async #run<T>(path: string, { signal }: FileCallOptions, work: (call: Call) => Promise<T>): Promise<T> {
    return await this.#gate.run(path, signal, work)
  }

  #at(path: string): { readonly root: HeldFolder; readonly parts: readonly string[] } {
    const at = checkSandboxPath(path)
    return at.place === 'workspace'
      ? { root: this.#held.workspace, parts: at.parts }
      : { root: this.#held.skills, parts: [skillOf(at), ...at.parts] }
  }
}

const skillOf = ({ skill = '' }: SandboxPath): string => skill

/** The parts of a path that may be changed. */
function writable(path: string): readonly string[] {
  const at = checkSandboxPath(path)
  if (at.place !== 'workspace') throw pathFault(path, 'read_only')
  return at.parts
}
