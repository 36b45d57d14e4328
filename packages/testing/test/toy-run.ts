import type { Entry, Json } from '@belay/core/ports'
import { inMemoryStore } from '@belay/core'
import { readAll } from '../src/contract/journal-writing.ts'
import { sharedPlace } from '../src/contract/shared-place.ts'
import type { SweepContext, SweepScenario } from '../src/faults/sweep-scenario.ts'

/** What the toy does wrong, for showing that a sweep sees it. */
export interface ToyDefects {
  /** Executes steps without looking at the journal. */
  readonly forgetsResults?: boolean
  /** Writes an outcome although there is one. */
  readonly finishesAgain?: boolean
  /** Counts its attempts into the output. */
  readonly countsAttempts?: boolean
  /** Waits for the lease to expire instead of reclaiming it. */
  readonly waitsForDead?: boolean
}

const stream = 'run/toy'
const keyOf = (entry: Entry): Json | undefined => (entry.data as { key?: Json }).key

async function acquire({ store, platform }: SweepContext): Promise<number> {
  for (;;) {
    const result = await store.leases.acquire('session/toy', platform.owner(), 10_000)
    if (result.acquired) return result.lease.token
    if (platform.liveness(result.holder.owner) === 'dead')
      await store.leases.reclaim('session/toy', result.holder.owner)
    else await new Promise<void>((resolve) => platform.timer(1_000, resolve))
  }
}

async function run(context: SweepContext, defects: ToyDefects): Promise<Json> {
  const { store, platform, witness } = context
  const token = await acquire(context)
  const entries = [...(await readAll(store.journal, stream))]
  const append = async (type: string, data: Json, release = false): Promise<void> => {
    const batch = {
      id: platform.id(),
      fence: { leaseKey: 'session/toy', token, release },
      expect: [{ stream, position: entries.length }],
      entries: [{ stream, entries: [{ type, at: platform.now(), data }] }],
    }
    const { positions } = await store.journal.append(batch)
    entries.push({ position: positions[stream] ?? 0, type, at: platform.now(), data })
  }
  const step = async (key: string, body: () => Json): Promise<Json> => {
    const recorded = entries.find((entry) => entry.type === 'step.finished' && keyOf(entry) === key)
    if (recorded !== undefined && defects.forgetsResults !== true)
      return (recorded.data as { value: Json }).value
    await new Promise<void>((resolve) => platform.macrotask(resolve))
    witness(key)
    const value = body()
    if (recorded === undefined) await append('step.finished', { key, value })
    return value
  }
  const a = await step('a', () => 1)
  const b = await step('b', () => Number(a) + 1)
  const output = [a, b, await step('c', () => Number(b) + 1)]
  const isFinished = entries.some((entry) => entry.type === 'run.finished')
  if (!isFinished || defects.finishesAgain === true)
    await append('run.finished', { outcome: 'succeeded', value: output }, true)
  else await store.leases.release('session/toy', token)
  return defects.countsAttempts === true ? [...output, context.attempt] : output
}

/** Three steps and an outcome, written on the ports alone. */
export function toyRun(defects: ToyDefects = {}): SweepScenario {
  return {
    name: 'toy',
    runs: [stream],
    place: async () => sharedPlace(inMemoryStore()),
    run: (context) => run(context, defects),
  }
}
