import { isAbsolute, relative } from 'node:path'
import type { WorkspaceQuota } from '@belay/core/ports'

/** What an application says about workspaces. */
export interface SnapshotOptions {
  /** Absolute and checked: it exists and can be written. Workspaces use only `rootFolders.workspaces` below it. */
  readonly root: string
  /** For every tree. Default: 8 GiB, 200,000 files, 1 GiB in one file. `Infinity` is no limit. */
  readonly quota?: WorkspaceQuota
  /** A folder of the host whose content a new workspace begins with. */
  readonly from?: string
  /** Milliseconds that a snapshot is kept after it was last made. Default: as long as it is live. */
  readonly retentionMs?: number
}

/** Options with defaults. */
export interface SnapshotSettings {
  readonly root: string
  readonly quota: WorkspaceQuota
  readonly from: string | undefined
  readonly retentionMs: number | undefined
}

/** Far above what people keep in a repository, and far below what fills a disk by one sparse file. */
const defaultQuota = { bytes: 8 * 1_024 ** 3, files: 200_000, fileBytes: 1_024 ** 3 }

/** Throws `TypeError`; touches no file. */
export function snapshotSettings({ root, quota = {}, from, retentionMs }: SnapshotOptions): SnapshotSettings {
  requirePath(root, 'root')
  if (from !== undefined) {
    requirePath(from, 'from')
    const path = relative(from, root)
    if (path === '' || (path.split('/')[0] !== '..' && !isAbsolute(path))) {
      throw new TypeError('The folder `from` must not hold the root, which would be copied into itself')
    }
  }
  if (retentionMs !== undefined && !(Number.isFinite(retentionMs) && retentionMs > 0)) {
    throw new TypeError('The option retentionMs is a number of milliseconds above 0')
  }
  return { root, quota: quotaOf(quota), from, retentionMs }
}

function requirePath(path: string, name: string): void {
  if (typeof path === 'string' && isAbsolute(path) && !path.includes('\0')) return
  throw new TypeError(`The option ${name} is an absolute path`)
}

function quotaOf(quota: WorkspaceQuota): WorkspaceQuota {
  const limits = Object.entries(defaultQuota).map(([name, fallback]) => {
    const limit = quota[name as keyof WorkspaceQuota] ?? fallback
    if (typeof limit !== 'number' || !(limit >= 0)) {
      throw new TypeError(`The quota ${name} is a number, 0 or more`)
    }
    return [name, limit] as const
  })
  return Object.fromEntries(limits.filter(([, limit]) => limit !== Infinity))
}

/** The key, the run and the session of a call. */
export function requireNames(operation: {
  readonly operation: string
  readonly runId: string
  readonly sessionId: string
}): void {
  for (const name of ['operation', 'runId', 'sessionId'] as const) {
    const value: unknown = operation[name]
    if (typeof value === 'string' && value.length >= 1 && value.length <= 512) continue
    throw new TypeError(`${name} of a workspace call is a text of 1 to 512 UTF-16 units`)
  }
}
