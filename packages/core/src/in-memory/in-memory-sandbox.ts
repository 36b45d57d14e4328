import { portSpecs } from '../ports/spec.ts'
import type { IsolationReport, Sandbox, SandboxAdapter, SandboxRequest } from '../ports/sandbox.ts'
import { coreVersion } from '../version.ts'
import { closedError, inMemorySandboxFiles } from './in-memory-sandbox-files.ts'
import { emptyTree, type Tree } from './in-memory-tree.ts'
import type { WorkspaceQuota } from '../ports/workspace.ts'

/** What sandboxes share with the workspaces beside them. */
export interface SandboxPlace {
  readonly quota: WorkspaceQuota
  readonly clock: () => number
  /** The tree of an opened workspace. Throws `workspace/missing`. */
  readonly treeOf: (handle: string) => Tree
}

/** Nothing is enforced, because there is nothing to enforce it for. */
const report: IsolationReport = Object.freeze({
  isolation: 'none',
  system: 'files in memory, no commands',
  controls: Object.freeze({
    'files.read': false,
    'files.write': false,
    network: false,
    environment: false,
    processes: false,
    privileges: false,
    pids: false,
    memory: false,
  }),
  notes: Object.freeze([
    'Commands cannot be run, so nothing of them is controlled. Files never leave the process.',
  ]),
})

/** Sandboxes with files in memory and without commands. */
export function inMemorySandbox({ quota, clock, treeOf }: SandboxPlace): SandboxAdapter {
  const opened = new Map<string, Sandbox>()
  let isClosed = false

  function openNow({ key, workspace }: SandboxRequest): Sandbox {
    const tree = workspace === undefined ? emptyTree(clock()) : treeOf(workspace)
    let isOpen = true
    const sandbox: Sandbox = {
      report,
      files: inMemorySandboxFiles({ workspace: tree, quota, clock, isClosed: () => !isOpen }),
      close: async () => {
        if (isOpen) opened.delete(key)
        isOpen = false
      },
    }
    opened.set(key, sandbox)
    return sandbox
  }

  return {
    info: {
      id: 'in-memory',
      packageName: '@belay/core',
      version: coreVersion,
      specs: { sandbox: portSpecs.sandbox },
      capabilities: [],
    },
    report,
    open: async (request) => {
      if (isClosed) throw closedError()
      request.signal?.throwIfAborted()
      const { key } = request
      if (typeof key !== 'string' || key === '' || key.length > 256) {
        throw new TypeError('The key of a sandbox has to be 1 to 256 UTF-16 units.')
      }
      if (opened.has(key))
        throw new TypeError('A sandbox of this key is open. Close it first, or use another key.')
      return openNow(request)
    },
    close: async () => {
      isClosed = true
      await Promise.all([...opened.values()].map((each) => each.close()))
    },
  }
}
