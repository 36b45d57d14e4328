import type { Platform } from '@belay/core/ports'

/**
 * One process of a simulated host: `owner` names it, and `dead` names those that were killed. Timers and
 * macrotasks of a dead process stay silent, and every process of the host knows who is dead.
 */
export function processPlatform(base: Platform, owner: string, dead: ReadonlySet<string>): Platform {
  const whileAlive = (run: () => void) => () => {
    if (!dead.has(owner)) run()
  }
  return {
    info: base.info,
    now: () => base.now(),
    monotonic: () => base.monotonic(),
    timer: (delayMs, fire, options) => base.timer(delayMs, whileAlive(fire), options),
    macrotask: (run) => base.macrotask(whileAlive(run)),
    random: () => base.random(),
    id: () => base.id(),
    owner: () => owner,
    liveness: (other) => {
      if (dead.has(other)) return 'dead'
      return other === owner ? 'alive' : base.liveness(other)
    },
  }
}
