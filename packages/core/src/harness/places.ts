import { HarnessError } from '../errors/harness-error.ts'
import type { Platform, SandboxAdapter, WorkspaceAdapter } from '../ports/index.ts'
import { inMemoryFiles } from '../in-memory/in-memory-files.ts'

/** The adapters for files and commands. */
export interface GivenPlaces {
  readonly sandbox: SandboxAdapter
  readonly workspace: WorkspaceAdapter | undefined
}

/**
 * A workspace is a tree of the sandbox that it was made with, so one alone is of no use. Without both, files are in
 * memory.
 */
export function placesOf(what: string, given: Partial<GivenPlaces>, platform: Platform): GivenPlaces {
  const { sandbox, workspace } = given
  if (workspace !== undefined && sandbox === undefined) {
    throw new HarnessError({
      code: 'config/adapter',
      message: `${what}: a workspace needs the sandbox that it was made with. Pass both, as the adapter gives them.`,
    })
  }
  if (sandbox !== undefined) return { sandbox, workspace }
  const files = inMemoryFiles({ clock: () => platform.now() })
  return { sandbox: files.sandbox, workspace: files.workspace }
}
