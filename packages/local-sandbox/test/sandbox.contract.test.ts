import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { sandboxContract, type FilesPlaceFactory } from '@belay/testing'
import { localWorkspace } from '../src/index.ts'

const places =
  (exec: boolean): FilesPlaceFactory =>
  async ({ quota, retentionMs }) => {
    const root = await mkdtemp(join(tmpdir(), 'belay-sandbox-contract-'))
    return {
      open: async () =>
        localWorkspace({
          root,
          exec,
          ...(quota !== undefined && { quota }),
          ...(retentionMs !== undefined && { retentionMs }),
        }),
      close: async () => await rm(root, { recursive: true, force: true }),
    }
  }

describe.each([['without commands', false]])('sandbox %s', (_, exec) => {
  for (const { title, run } of sandboxContract(places(exec))) {
    test(title, async ({ skip }) => {
      const outcome = await run()
      if (outcome.skipped !== undefined) skip(outcome.skipped)
    })
  }
})
