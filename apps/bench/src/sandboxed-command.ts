import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localSandbox } from '@belay/local-sandbox'
import type { Report } from './report.ts'

/** What bubblewrap needs at least to run a program of the system in namespaces of its own. */
const bare = [
  '--unshare-all',
  '--die-with-parent',
  '--ro-bind',
  '/',
  '/',
  '--proc',
  '/proc',
  '--dev',
  '/dev',
  'true',
]

/** A command under strict isolation beside bubblewrap alone, one after the other: both wait for processes, so time counts. */
export async function benchSandboxedCommand(report: Report, rounds: number): Promise<void> {
  if (spawnSync('bwrap', ['--version']).status !== 0) {
    console.log('sandboxed command: left out, because there is no bubblewrap')
    return
  }
  const root = mkdtempSync(join(tmpdir(), 'belay-bench-'))
  const adapter = localSandbox({ root, exec: true })
  const sandbox = await adapter.open({ key: 'bench', sessionId: 'bench' })
  const ours: number[] = []
  const alone: number[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(await timeOf(async () => void (await sandbox.exec?.('true'))))
    alone.push(await timeOf(runBare))
  }
  await adapter.close()
  rmSync(root, { recursive: true, force: true })
  const [our, its] = [medianOf(ours), medianOf(alone)]
  report.add({
    what: 'a command in the sandbox, strict',
    values: { 'belay, ms': our, 'bubblewrap alone, ms': its },
    ratio: our - its,
    ratioOf: 'ms of a strict command more than bubblewrap alone',
    bar: { atMost: 15 },
  })
}

function runBare(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('bwrap', bare, { stdio: ['ignore', 'pipe', 'pipe'] })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`bwrap ended with ${code}`))
    })
  })
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
