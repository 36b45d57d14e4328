import type { SandboxAdapter, WorkspaceAdapter } from '@belay/core/ports'
import { requireFrom, requireHost, requireRoot, thisHost } from './host-check.ts'
import { LocalSandboxAdapter } from './sandbox-adapter.ts'
import { workspaceSettingsOf, type LocalWorkspaceOptions } from './sandbox-options.ts'
import { localSnapshots } from './workspace/local-snapshots.ts'

/** Both adapters, for `defineHarness({ sandbox, workspace })`. */
export interface LocalWorkspace {
  readonly sandbox: SandboxAdapter
  readonly workspace: WorkspaceAdapter
}

/**
 * Sandboxes and workspaces of one root, wired to each other: a sandbox opens the trees that the workspaces keep. Throws as
 * `localSandbox`, and `sandbox/unavailable` for a `from` that is missing, no directory or cannot be read.
 */
export function localWorkspace(options: LocalWorkspaceOptions): LocalWorkspace {
  const settings = workspaceSettingsOf(options)
  const { from, retentionMs } = options
  requireHost(thisHost())
  const root = requireRoot(settings.root)
  const { workspace, treeOf } = localSnapshots({
    root,
    quota: settings.quota,
    ...(from !== undefined && { from: requireFrom(from) }),
    ...(retentionMs !== undefined && { retentionMs }),
  })
  return { sandbox: new LocalSandboxAdapter({ ...settings, root, treeOf }), workspace }
}
