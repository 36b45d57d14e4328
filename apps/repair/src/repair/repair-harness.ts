import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defineHarness } from '@belay/core'
import type { Model } from '@belay/core/ports'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { repairWorkflow } from './workflow.ts'

/**
 * The harness over one place: runs in SQLite, files in content-addressed snapshots, commands in a strict sandbox without
 * a network. The Node that runs this program runs the tests as well.
 */
export function repairHarness(init: {
  readonly out: string
  readonly folder: string
  readonly model: Model
}) {
  const node = dirname(realpathSync(process.execPath))
  const isOwn = !/^\/(usr|bin)\//.test(`${node}/`)
  return defineHarness({
    name: 'repair',
    models: { fixer: init.model },
    workflows: { repair: repairWorkflow },
    store: sqliteStore({ file: join(init.out, 'runs.db') }),
    ...localWorkspace({
      root: join(init.out, 'workspaces'),
      from: init.folder,
      exec: true,
      isolation: 'strict',
      limits: { memoryBytes: 1_073_741_824, diskBytes: 268_435_456 },
      env: { PATH: `${node}:/usr/local/bin:/usr/bin:/bin` },
      ...(isOwn && { readOnlyPaths: [node] }),
    }),
    requires: ['store.persistent', 'workspace.persistent', 'sandbox.isolated'],
  })
}
