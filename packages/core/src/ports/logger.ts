/**
 * Port: logger. Content-free lines for operators: core passes ids, codes, counts and durations, never a
 * prompt, an answer, tool input or a credential.
 *
 * No method throws or blocks; a logger that cannot write drops. What is not promised: order across
 * processes, delivery.
 */

import type { Json } from './json.ts'

/** Facts of one line. */
export type LogFields = Readonly<Record<string, Json>>

/** The port. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger
}
