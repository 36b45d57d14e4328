import type { SandboxAdapter, WorkspaceAdapter } from '../ports/index.ts'
import type { SessionResources } from './session-resources.ts'

/** Where the runs of a harness have their files and commands. */
export interface Places {
  readonly sandbox: SandboxAdapter
  /** Absent: durable runs, too, use the sandbox of their session, and no files are kept with their steps. */
  readonly workspace: WorkspaceAdapter | undefined
  readonly sessions: SessionResources
}
