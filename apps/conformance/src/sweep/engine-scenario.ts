import { defineHarness } from '@belay/core'
import type { Harness, Runnable, Workflow } from '@belay/core'
import type { Json } from '@belay/core/ports'
import type { StorePlaceFactory, SweepFacts, SweepScenario } from '@belay/testing'
import { workerModel } from './worker-model.ts'

/** What the definitions of one process report to. */
interface Witness {
  /** A body with this idempotency key runs now. */
  ran(idempotencyKey: string): void
  /** What the outside world knows: it outlives the processes, as a payment service would. */
  readonly world: Map<string, number>
}

/** What a scenario does in one process. */
interface Drive {
  readonly harness: Harness
  /** Counts the processes from 1. */
  readonly attempt: number
  readonly world: Map<string, number>
  /** Starts the run, or goes on with it. */
  start(): ReturnType<Runnable<Json, Json>['start']>
}

/** A scenario written with the public API alone. */
export interface EngineScenario {
  readonly name: string
  workflow(witness: Witness): Workflow<Json, Json>
  /** Default: start it and give its output. */
  drive?(drive: Drive): Promise<Json>
  check?(facts: SweepFacts, world: ReadonlyMap<string, number>): void | Promise<void>
}

/** The run, the session and the input of every scenario. */
export const runId = 'the-run'
const sessionId = 'the-session'
const input = { amount: 3 }

/** Crosses a scenario with an adapter. Every other process recovers before it starts the same run id again. */
export function sweepScenario(scenario: EngineScenario, places: StorePlaceFactory): SweepScenario {
  let world = new Map<string, number>()
  return {
    name: scenario.name,
    runs: [`run/${runId}`],
    streams: [`session/${sessionId}`],
    place: async () => {
      world = new Map()
      return places()
    },
    run: async ({ store, platform, attempt, witness }) => {
      const ran = (key: string): void => witness(key.slice(runId.length + 1))
      const current = world
      const harness: Harness = defineHarness({
        name: 'sweep',
        models: { scripted: workerModel(witness) },
        workflows: { flow: scenario.workflow({ ran, world: current }) },
        store,
        platform,
      })
      const session = await harness.getSession(sessionId)
      const flow = session.workflows['flow'] as Runnable<Json, Json>
      const start = () => flow.start(input, { durable: { runId } })
      if (attempt % 2 === 0) await harness.runs.recover()
      const drive = scenario.drive ?? (async () => (await start()).result)
      const output = await drive({ harness, attempt, world: current, start })
      await harness.shutdown()
      return output
    },
    check: (facts) => scenario.check?.(facts, world),
  }
}
