import { HarnessError } from '../errors/harness-error.ts'
import type { SandboxAdapter, WorkspaceAdapter } from '../ports/index.ts'
import { noSandbox } from './no-sandbox.ts'

/** The adapters for files and commands. */
export interface GivenPlaces {
  readonly sandbox: SandboxAdapter
  readonly workspace: WorkspaceAdapter | undefined
}

/** A workspace is a tree of the sandbox that it was made with, so one alone is of no use. */
export function placesOf(what: string, given: Partial<GivenPlaces>): GivenPlaces {
  const { sandbox, workspace } = given
  if (workspace !== undefined && sandbox === undefined) {
    throw new HarnessError({
      code: 'config/adapter',
      message: `${what}: a workspace needs the sandbox that it was made with. Pass both, as the adapter gives them.`,
    })
  }
  return sandbox === undefined ? { sandbox: noSandbox(), workspace: undefined } : { sandbox, workspace }
}
