import assert from 'node:assert/strict'
import type { WorkspaceQuota } from '@belay/core/ports'
import { skipCase } from './contract.ts'
import { refuses } from './refusals.ts'
import { namesAt, textAt, utf8, type SandboxCase, type SandboxSubject } from './sandbox-case.ts'

const quota = { bytes: 10_000, files: 4, fileBytes: 6_000 }

/** The limits are those of workspaces, so that is where they are declared. */
async function limited({ workspace, openBox }: SandboxSubject, name: keyof WorkspaceQuota) {
  if (workspace?.inspect().quota[name] !== quota[name]) skipCase(`no quota of ${name} is in force`)
  const { handle } = await workspace.open({ operation: 'open', runId: 'run', sessionId: 'session' })
  return (await openBox({ workspace: handle })).files
}

/** Quotas of the tree. */
export const sandboxLimitCases: readonly SandboxCase[] = [
  {
    title: 'quota: a file that is too large is refused by name, and what was there stays',
    wishes: { quota },
    run: async (subject) => {
      const files = await limited(subject, 'fileBytes')
      await files.write('/workspace/a', new Uint8Array(6_000))
      await refuses(() => files.write('/workspace/a', new Uint8Array(6_001)), 'sandbox/limit', {
        reason: 'file_bytes',
      })
      assert.equal((await files.stat('/workspace/a'))?.size, 6_000)
    },
  },
  {
    title: 'quota: bytes of the tree are refused by name, and room that was made free can be used',
    wishes: { quota },
    run: async (subject) => {
      const files = await limited(subject, 'bytes')
      await files.write('/workspace/a', new Uint8Array(6_000))
      await files.write('/workspace/b', new Uint8Array(4_000))
      await refuses(() => files.write('/workspace/c', utf8('x')), 'sandbox/limit', { reason: 'bytes' })
      assert.deepEqual(await namesAt(files, '/workspace'), ['a', 'b'])
      await files.write('/workspace/a', new Uint8Array(5_999))
      await files.write('/workspace/c', utf8('x'))
      await files.remove('/workspace/b')
      await files.write('/workspace/d', new Uint8Array(4_000))
    },
  },
  {
    title: 'quota: files of the tree are refused by name, and one more version of a file is no more files',
    wishes: { quota },
    run: async (subject) => {
      const files = await limited(subject, 'files')
      for (const name of ['a', 'b', 'c', 'd']) await files.write(`/workspace/${name}`, utf8(name))
      await refuses(() => files.write('/workspace/e', utf8('e')), 'sandbox/limit', { reason: 'files' })
      await files.write('/workspace/a', utf8('again'))
      assert.equal(await textAt(files, '/workspace/a'), 'again')
      assert.deepEqual(await namesAt(files, '/workspace'), ['a', 'b', 'c', 'd'])
    },
  },
]
