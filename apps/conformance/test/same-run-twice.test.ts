import { expect, test } from 'vitest'
import { readWitness, reportCounts, size, tempFolder, withTwoWorkers, WorkerError } from '../src/index.ts'

const rounds = size === 'full' ? 1_000 : 50

test(`two processes start one run id at once, ${rounds} rounds`, { timeout: 300_000 }, async () => {
  const folder = tempFolder()
  const files = { store: folder.file('store.db'), witness: folder.file('witness') }
  const counts = { rounds: 0, executed: 0, 'same result': 0, 'run/leased': 0 }
  const others: unknown[] = []
  await withTwoWorkers(files, async (left, right) => {
    for (let round = 0; round < rounds; round += 1) {
      const runId = `run-${round}`
      const run = { sessionId: `session-${round}`, flow: 'steps' as const, input: { amount: round }, runId }
      // Each is first in every other round; both calls are in the pipes before either process can answer.
      const order = round % 2 === 0 ? [left, right] : [right, left]
      const ends = await Promise.all(
        order.map(async (worker) => {
          try {
            return await worker.call('result', await worker.call('start', run))
          } catch (error) {
            if (error instanceof WorkerError) return error.code
            throw error
          }
        }),
      )
      const steps = readWitness(files.witness).filter((each) => each.runId === runId)
      expect(steps.map((step) => step.key)).toEqual(['one', 'two', 'three'])
      expect(new Set(steps.map((step) => step.pid)).size).toBe(1)
      const winner = order.findIndex((worker) => worker.pid === steps[0]?.pid)
      expect(ends[winner]).toEqual({ sum: round + 11 })
      const other = ends[1 - winner]
      counts.rounds += 1
      counts.executed += 1
      if (other === 'run/leased') counts['run/leased'] += 1
      else if (typeof other === 'object') {
        expect(other).toEqual(ends[winner])
        counts['same result'] += 1
      } else others.push(other)
    }
  })
  folder.remove()
  expect(others).toEqual([])
  reportCounts('two processes, one run id', counts)
})
