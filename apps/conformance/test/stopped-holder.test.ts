import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  eventually,
  readWitness,
  reportCounts,
  size,
  tempFolder,
  viewRun,
  withTwoWorkers,
  WorkerError,
} from '../src/index.ts'
import type { WorkerProcess } from '../src/index.ts'

const rounds = size === 'full' ? 100 : 8
const leaseMs = 500

/** Starts the run in another process as soon as the lease of the first one is over. */
function takeOver(worker: WorkerProcess, run: Parameters<typeof start>[1]): Promise<string> {
  return eventually('the lease of a stopped holder expires', async () => {
    try {
      return await start(worker, run)
    } catch (error) {
      if (error instanceof WorkerError && error.code === 'run/leased') return undefined
      throw error
    }
  })
}

const start = (worker: WorkerProcess, run: { sessionId: string; runId: string; input: unknown }) =>
  worker.call('start', { ...run, flow: 'held' })

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no error',
    (error: unknown) => (error instanceof WorkerError ? error.code : error),
  )

test(
  `a holder that was stopped past its lease writes nothing, ${rounds} rounds`,
  { timeout: 300_000 },
  async () => {
    const folder = tempFolder()
    const files = { store: folder.file('store.db'), witness: folder.file('witness') }
    const counts = { rounds: 0, fenced: 0, 'found at renewal': 0, 'found at a write': 0 }
    await withTwoWorkers({ ...files, leaseMs }, async (left, right) => {
      for (let round = 0; round < rounds; round += 1) {
        const [holder, other] = round % 2 === 0 ? [left, right] : [right, left]
        // In every other pair of rounds the body holds the event loop, so that its result is written before anything
        // else can tell the holder that it lost the lease.
        const blocks = round % 4 >= 2
        const gate = folder.file(`gate-${round}`)
        const ids = { runId: `run-${round}`, sessionId: `session-${round}` }
        const run = { ...ids, input: blocks ? { blockOn: gate } : {} }
        await start(holder, run)
        const fenced = codeOf(holder.call('result', ids.runId))
        await holder.noted((note) => note === 'held')
        holder.send('SIGSTOP')

        if (blocks) writeFileSync(gate, '')
        await takeOver(other, run)
        await other.noted((note) => note === 'held')
        if (!blocks) await other.call('open')
        const output = await other.call('result', ids.runId)
        expect(output).toEqual({ before: 1, held: `held by ${other.pid}`, after: 2 })
        const finished = await viewRun(files.store, ids)

        holder.send('SIGCONT')
        expect(await fenced).toBe('run/fenced')
        await (blocks
          ? holder.noted((note) => note === 'passed')
          : holder.noted((note) => note === 'aborted'))
        // The process is alive and well, and a late write of it would be there by the time that it has done this.
        expect(await holder.call('get', ids.runId)).toMatchObject({ state: 'succeeded', attempt: 2 })
        expect(await viewRun(files.store, ids)).toEqual(finished)
        expect(finished.entries.filter((entry) => entry.type === 'run.finished')).toHaveLength(1)
        const ran = readWitness(files.witness).filter((each) => each.runId === ids.runId)
        expect(ran.map(({ key, pid }) => [key, pid])).toEqual([
          ['before', holder.pid],
          ['hold', holder.pid],
          ['hold', other.pid],
          ['after', other.pid],
        ])
        for (const worker of [left, right]) await worker.call('open')
        counts.rounds += 1
        counts.fenced += 1
        counts[blocks ? 'found at a write' : 'found at renewal'] += 1
      }
    })
    folder.remove()
    reportCounts('stopped holder', counts)
  },
)
