import type { Readable, Writable } from 'node:stream'
import type { PortError } from '@belay/core/ports'
import type { CommandCall, Surroundings } from './command-call.ts'

/** How a started command came to its end. `refused`: it was never started. */
export type TreeEnd =
  | { readonly kind: 'exit'; readonly exitCode: number }
  | { readonly kind: 'signal'; readonly signal: string; readonly outOfMemory: boolean }
  | { readonly kind: 'refused'; readonly error: PortError }

/** A command with all processes that come from it. */
export interface CommandTree {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves once the command runs, or with the end when it never did. */
  readonly started: Promise<TreeEnd | undefined>
  /** Settles when no process of the tree is left. Never rejects. */
  readonly ended: Promise<TreeEnd>
  /** Ends all of it. Idempotent; does not wait. */
  kill(): void
}

/** Starts the commands of one sandbox. */
export interface CommandStarter {
  readonly surroundings: Surroundings
  /** Throws what kept the command from being tried at all. */
  start(call: CommandCall): Promise<CommandTree>
  /** After every tree has ended. */
  close(): Promise<void>
}
