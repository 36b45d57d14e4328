import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sandboxContract, workspaceContract } from '@belay/testing'
import type { ContractCase, FilesPlaceFactory } from '@belay/testing'
import { describe, test } from 'vitest'
import { localWorkspace } from '../src/index.ts'

/** Strictly isolated commands over a root of its own. */
const places: FilesPlaceFactory = async (wishes) => {
  const root = await mkdtemp(join(tmpdir(), 'belay-contract-'))
  return {
    open: async () => localWorkspace({ ...wishes, root, exec: true, isolation: 'strict' }),
    close: () => rm(root, { recursive: true }),
  }
}

/** Each case becomes one test; a case that does not bind the subject is shown as skipped with its reason. */
function runContract(name: string, cases: readonly ContractCase[]): void {
  describe.concurrent(name, () => {
    for (const { title, run } of cases) {
      test(title, async ({ skip }) => {
        const outcome = await run()
        if (outcome.skipped !== undefined) skip(outcome.skipped)
      })
    }
  })
}

runContract('sandbox', sandboxContract(places))
runContract('workspace', workspaceContract(places))
