import type { Engine } from '../../src/run/engine.ts'
import type { Platform, Timer } from '../../src/ports/index.ts'
import type { Simulation } from './simulation.ts'
import { timing } from './timing.ts'

/** Virtual time zero as milliseconds since the epoch. */
export const epoch = 1_700_000_000_000

/** One process: an owner identity and a platform whose timers die with it. */
export class SimProcess {
  readonly name: string
  readonly platform: Platform
  dead = false
  pausedUntil = 0
  engine: Engine | undefined
  /** When the lease that it holds is over by its own clock. */
  leasedUntil = 0
  readonly #sim: Simulation

  constructor(sim: Simulation, name: string, world: { livenessOf(owner: string): 'alive' | 'dead' }) {
    this.#sim = sim
    this.name = name
    let ids = 0
    this.platform = {
      info: {
        id: 'simulated',
        packageName: 'test',
        version: '0',
        specs: { platform: 'platform/1' },
        capabilities: [],
      },
      now: () => epoch + sim.now,
      monotonic: () => sim.now,
      timer: (delayMs, fire) => this.#timer(delayMs, fire),
      macrotask: (run) => this.after(0, run),
      random: () => sim.random(),
      id: () => `${name}.${ids++}`,
      owner: () => name,
      liveness: (owner) => world.livenessOf(owner),
    }
  }

  after(delay: number, run: () => void): void {
    if (!this.dead) this.#sim.at(delay, run, { owner: this })
  }

  /** Resolves after a virtual delay, and never once the process is dead. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  die(): void {
    this.dead = true
    this.#sim.forget(this)
  }

  #timer(delayMs: number, fire: () => void): Timer {
    if (this.dead) return { cancel: () => undefined }
    const background = delayMs === timing.inboxPollMs || delayMs === timing.leaseRenewMs
    const event = this.#sim.at(delayMs, fire, { owner: this, background })
    return { cancel: () => this.#sim.cancel(event) }
  }
}
