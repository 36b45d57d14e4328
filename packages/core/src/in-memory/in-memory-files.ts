import { systemClock } from '../platform/system-clock.ts'
import type { SandboxAdapter } from '../ports/sandbox.ts'
import type { WorkspaceAdapter, WorkspaceQuota } from '../ports/workspace.ts'
import { inMemorySandbox } from './in-memory-sandbox.ts'
import { inMemoryWorkspace } from './in-memory-workspace.ts'

/** Options of `inMemoryFiles`. */
export interface InMemoryFilesOptions {
  /** Limits of one tree. Default: none. */
  readonly quota?: WorkspaceQuota
  /** How long snapshots are kept although they are live. Default: as long as they are. */
  readonly retentionMs?: number
  /** By which files are dated and snapshots age. Default: the machine's. */
  readonly clock?: () => number
}

/** A sandbox and the workspaces that it can be opened with. */
export interface InMemoryFiles {
  readonly sandbox: SandboxAdapter
  readonly workspace: WorkspaceAdapter
}

/**
 * A sandbox whose files are in the memory of this process, and workspaces beside it. There are no commands, no links and
 * nothing of the host, and snapshots end with the process: for tests, and for agents that only need to keep notes.
 */
export function inMemoryFiles(options: InMemoryFilesOptions = {}): InMemoryFiles {
  const { quota = {}, retentionMs, clock = systemClock } = options
  const place = { quota: checkedQuota(quota), clock }
  const { workspace, treeOf } = inMemoryWorkspace({
    ...place,
    retentionMs: checked('retentionMs', retentionMs),
  })
  return { sandbox: inMemorySandbox({ ...place, treeOf }), workspace }
}

function checkedQuota(quota: WorkspaceQuota): WorkspaceQuota {
  for (const name of ['bytes', 'files', 'fileBytes'] as const) checked(`quota.${name}`, quota[name])
  return Object.freeze({ ...quota })
}

function checked(name: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value
  throw new TypeError(`${name} has to be a whole number of at least 0.`)
}
