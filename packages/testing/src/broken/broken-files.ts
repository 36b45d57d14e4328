import type { Sandbox, SandboxAdapter, SandboxFiles, WorkspaceAdapter } from '@belay/core/ports'
import type { FilesAdapters, FilesPlaceFactory } from '../contract/files-place.ts'

/** A sandbox or workspaces with one defect, made from good ones. */
export interface BrokenFiles {
  readonly name: string
  /** Which contract rejects it. */
  readonly contract: 'sandbox' | 'workspace'
  /** Titles of the cases that must reject it; it may fail others too. */
  readonly rejectedBy: readonly string[]
  /** Plants the defect into good adapters. */
  plant(adapters: FilesAdapters): FilesAdapters
}

type Facts = Omit<BrokenFiles, 'plant' | 'contract'>

/** A defect in the calls of files. */
export function brokenCalls(
  facts: Facts,
  breaking: (files: SandboxFiles, sandbox: Sandbox) => Partial<SandboxFiles>,
): BrokenFiles {
  return brokenSandbox(facts, ({ open }) => ({
    open: async (request) => {
      const sandbox = await open(request)
      return { ...sandbox, files: { ...sandbox.files, ...breaking(sandbox.files, sandbox) } }
    },
  }))
}

/** A defect in opening and closing sandboxes. */
export function brokenSandbox(
  facts: Facts,
  breaking: (sandbox: SandboxAdapter) => Partial<SandboxAdapter>,
): BrokenFiles {
  return {
    ...facts,
    contract: 'sandbox',
    plant: ({ sandbox, ...rest }) => ({
      ...rest,
      sandbox: { ...bound(sandbox), ...breaking(bound(sandbox)) },
    }),
  }
}

/** A defect in workspaces. */
export function brokenWorkspace(
  facts: Facts,
  breaking: (workspace: WorkspaceAdapter, sandbox: SandboxAdapter) => Partial<WorkspaceAdapter>,
): BrokenFiles {
  return {
    ...facts,
    contract: 'workspace',
    plant: ({ sandbox, workspace }) => {
      if (workspace === undefined) throw new TypeError('Defects of workspaces need a good one')
      return { sandbox, workspace: { ...workspace, ...breaking(workspace, sandbox) } }
    },
  }
}

/** Spreading an adapter that is a class would lose its methods. */
function bound(sandbox: SandboxAdapter): SandboxAdapter {
  return {
    info: sandbox.info,
    report: sandbox.report,
    open: (request) => sandbox.open(request),
    close: () => sandbox.close(),
  }
}

/** Places of the adapters with their defect. */
export function brokenFilePlaces(broken: BrokenFiles, places: FilesPlaceFactory): FilesPlaceFactory {
  return async (wishes) => {
    const place = await places(wishes)
    return { ...place, open: async () => broken.plant(await place.open()) }
  }
}
