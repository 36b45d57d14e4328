import type { Json, Platform, Store } from '@belay/core/ports'
import type { ManualPlatform } from '../fakes/manual-platform.ts'
import { faultyStore } from './faulty-store.ts'
import { processPlatform } from './process-platform.ts'
import { withStillClock } from './still-clock.ts'
import type { SweepCrash, SweepScenario } from './sweep-scenario.ts'

/** One simulated host: its clock, and who died on it. */
export interface SweepHost {
  readonly platform: Platform
  /** Moves the clock until a promise settles; absent where time moves by itself. */
  readonly drive?: ManualPlatform['runUntil']
  readonly dead: Set<string>
}

/** What came of one attempt. */
export interface AttemptResult {
  readonly calls: number
  readonly witnessed: readonly string[]
  readonly end: { readonly output: Json } | { readonly error: unknown } | 'killed'
}

/** What one attempt is run with. */
export interface AttemptInput {
  readonly scenario: SweepScenario
  readonly store: Store
  readonly host: SweepHost
  readonly attempt: number
  readonly crash: SweepCrash | undefined
  readonly ceilingMs: number
}

/** Runs the scenario in a new process of the host, which dies at `crash` if it comes that far. */
export async function runAttempt(input: AttemptInput): Promise<AttemptResult> {
  const { scenario, host, attempt, crash } = input
  const owner = `${scenario.name.slice(0, 100)}:process-${attempt}`
  const faults = crash === undefined ? [] : [{ at: crash.call, side: crash.side, effect: 'die' as const }]
  const store = faultyStore(input.store, faults, () => host.dead.add(owner))
  const witnessed: string[] = []
  const running = scenario.run({
    store: host.drive === undefined ? store : withStillClock(store, host.platform),
    platform: processPlatform(host.platform, owner, host.dead),
    attempt,
    witness: (key) => {
      if (!store.isDead()) witnessed.push(key)
    },
  })
  const ended = running.then(
    (output): AttemptResult['end'] => ({ output }),
    (error: unknown): AttemptResult['end'] => ({ error }),
  )
  const first = Promise.race([ended, store.death.then((): AttemptResult['end'] => 'killed')])
  const end = await withCeiling(host.drive === undefined ? first : host.drive(first), input.ceilingMs)
  // A process that hangs is killed as well, so that its timers do not run into the next attempt.
  if (end !== 'killed' && 'error' in end) store.die()
  await store.settled()
  return { calls: store.calls(), witnessed, end: store.isDead() && end === 'killed' ? 'killed' : end }
}

async function withCeiling(
  end: Promise<AttemptResult['end']>,
  ceilingMs: number,
): Promise<AttemptResult['end']> {
  let timer: NodeJS.Timeout | undefined
  const ceiling = new Promise<AttemptResult['end']>((resolve) => {
    timer = setTimeout(() => resolve({ error: new Error(`No end within ${ceilingMs} ms`) }), ceilingMs)
  })
  try {
    return await Promise.race([end, ceiling])
  } catch (error) {
    return { error }
  } finally {
    clearTimeout(timer)
  }
}
