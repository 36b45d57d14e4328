import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localWorkspace } from '@belay/local-sandbox'
import { alternate, wallOf } from './measure.ts'
import type { Report } from './report.ts'

const isFull = process.env['BELAY_SIZE'] === 'full'
const folders = 100
const filesPerFolder = 100
/** Files of 1 MB: 1 GB in full, and else enough to see that the size of the tree is not in it. */
const megabytes = isFull ? 1_000 : 100
const megabyte = 1_000_000

/** A snapshot after one change: its time beside a copy of the tree, and the bytes that it writes. */
export async function benchWorkspaceSnapshot(report: Report, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-'))
  try {
    await manyFiles(report, folder, rounds)
    await largeTree(report, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A workspace that begins as a copy of a folder, with what changes and keeps it. */
async function beginWith(root: string, from: string) {
  mkdirSync(root)
  const { sandbox, workspace } = localWorkspace({ root, from })
  const names = { runId: 'run', sessionId: 'session' }
  let operations = 0
  const { handle } = await workspace.open({ ...names, operation: 'open' })
  const { files } = await sandbox.open({ ...names, key: 'bench', workspace: handle })
  return {
    write: (path: string, bytes: Uint8Array) => files.write(`/workspace/${path}`, bytes),
    snapshot: () => workspace.snapshot({ ...names, operation: `take-${operations++}`, handle }),
    close: async () => {
      await sandbox.close()
      await workspace.close()
    },
  }
}

async function manyFiles(report: Report, folder: string, rounds: number): Promise<void> {
  const from = join(folder, 'many')
  for (let each = 0; each < folders; each++) {
    mkdirSync(join(from, `${each}`), { recursive: true })
    for (let file = 0; file < filesPerFolder; file++) {
      writeFileSync(join(from, `${each}/file-${file}.txt`), `content ${each} ${file} `.repeat(60))
    }
  }
  const begun = await beginWith(join(folder, 'many-root'), from)
  let changes = 0
  const medians = await alternate(
    [
      {
        name: 'snapshot',
        round: async () => {
          await begun.write('7/file-7.txt', Buffer.from(`change ${changes++}`))
          return wallOf(async () => void (await begun.snapshot()))
        },
      },
      {
        name: 'copy',
        round: async () => {
          const wall = await wallOf(() => cp(from, join(folder, 'copy'), { recursive: true }))
          rmSync(join(folder, 'copy'), { recursive: true })
          return wall
        },
      },
    ],
    rounds,
  )
  await begun.close()
  const [snapshot = 0, copy = 0] = [medians.get('snapshot'), medians.get('copy')]
  report.add({
    what: `snapshot of ${folders * filesPerFolder} files, 1 changed, durable`,
    values: { 'snapshot, ms': snapshot, 'fs.cp of the tree, not durable, ms': copy },
    ratio: copy / snapshot,
    ratioOf: 'time of a copy / time of a snapshot',
    bar: { atLeast: 20 },
  })
}

async function largeTree(report: Report, folder: string): Promise<void> {
  const from = join(folder, 'large')
  mkdirSync(from)
  const content = (seed: number): Buffer => Buffer.alloc(megabyte, `${seed} is what this file holds. `)
  for (let file = 0; file < megabytes; file++) writeFileSync(join(from, `file-${file}`), content(file))
  const begun = await beginWith(join(folder, 'large-root'), from)
  await begun.snapshot()
  await begun.write('file-7', content(-1))
  const before = writtenByThisProcess()
  const { writtenBytes } = await begun.snapshot()
  const written = writtenByThisProcess() - before
  await begun.close()
  report.add({
    what: `snapshot of ${megabytes} MB, 1 file of 1 MB changed`,
    values: { 'bytes of new contents': writtenBytes, 'bytes given to the kernel': written },
    ratio: written / megabyte,
    ratioOf: 'bytes that a snapshot gave to the kernel / bytes of what changed',
    bar: { atMost: 1.1 },
  })
}

/** Bytes of every write call of this process. */
function writtenByThisProcess(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}
