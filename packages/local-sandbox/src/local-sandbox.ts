import type { SandboxAdapter } from '@belay/core/ports'
import { requireHost, requireRoot, thisHost } from './host-check.ts'
import { LocalSandboxAdapter } from './sandbox-adapter.ts'
import { sandboxSettingsOf, type LocalSandboxOptions } from './sandbox-options.ts'

/**
 * Sandboxes on directories of this host. Each gets an empty tree of its own that ends with it; for trees that are kept
 * with the steps of a run there is `localWorkspace`. Throws `TypeError` for wrong options, and `sandbox/unavailable` when the host or
 * the root is not fit, or does not hold the isolation that was asked for.
 */
export function localSandbox(options: LocalSandboxOptions): SandboxAdapter {
  const settings = sandboxSettingsOf(options)
  requireHost(thisHost())
  const root = requireRoot(settings.root)
  return new LocalSandboxAdapter({ ...settings, root, treeOf: () => undefined })
}
