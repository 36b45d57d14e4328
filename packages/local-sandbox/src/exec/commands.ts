import { PortError } from '@belay/core/ports'
import type { Isolation, IsolationReport, Sandbox } from '@belay/core/ports'
import type { Place } from '../tree.ts'

/** What an application says about commands. Only read when `exec` is on. */
export interface CommandPolicy {
  /** Default `strict`. */
  readonly isolation?: Isolation
  /** Programs that may be started; absent: all. */
  readonly allowCommands?: readonly string[]
  /** Per stream. Default 10,485,760. */
  readonly maxOutputBytes?: number
}

/** Commands of one opened sandbox. */
export interface Commands {
  readonly exec: NonNullable<Sandbox['exec']>
  readonly spawn: NonNullable<Sandbox['spawn']>
  /** Ends every process. Idempotent. */
  close(): Promise<void>
}

/** Commands that run in a place. `report` is what `checkIsolation` gave for the same policy. */
export function createCommands(_place: Place, _policy: CommandPolicy, _report: IsolationReport): Commands {
  throw notBuilt()
}

/**
 * Tries what can be kept from commands on this host, once per process and policy. Throws `TypeError` for a wrong policy, and
 * `sandbox/unavailable` when `strict` was asked for and something is not kept.
 */
export function checkIsolation(_policy: CommandPolicy): IsolationReport {
  throw notBuilt()
}

const notBuilt = (): PortError =>
  new PortError({
    code: 'sandbox/unavailable',
    message: 'This sandbox runs no commands. Leave `exec` out.',
    meta: { reason: 'exec' },
  })
