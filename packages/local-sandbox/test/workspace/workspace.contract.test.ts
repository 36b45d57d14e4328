import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manualPlatform, workspaceContract, type FilesPlaceFactory } from '@belay/testing'
import { describe, test } from 'vitest'
import { localWorkspace } from '../../src/index.ts'
import { filesBelow, tempFolder } from './support/tree-tools.ts'

const places: FilesPlaceFactory = async ({ quota, retentionMs }) => {
  const root = tempFolder()
  const platform = manualPlatform()
  return {
    open: async () => {
      const adapters = localWorkspace({
        root,
        exec: true,
        ...(quota !== undefined && { quota }),
        ...(retentionMs !== undefined && { retentionMs }),
      })
      adapters.workspace.configure?.({ platform } as never)
      return adapters
    },
    advance: (ms) => platform.advance(ms),
    damage: async () => {
      for (const file of filesBelow(join(root, 'workspaces/objects'))) {
        const bytes = readFileSync(file)
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
        writeFileSync(file, bytes)
      }
    },
    close: async () => rmSync(root, { recursive: true, force: true }),
  }
}

describe('the contract of workspaces', () => {
  test.for(workspaceContract(places))('$title', async (each, { skip }) => {
    const { skipped } = await each.run()
    if (skipped !== undefined) skip(skipped)
  })
})
