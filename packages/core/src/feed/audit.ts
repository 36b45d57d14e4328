import type { RunEvent } from '../history/event.ts'
import { redactEvent, type AuditEvent } from './redact.ts'

export type { AuditEvent } from './redact.ts'

/** Events as they come, without content. Not a generator: leaving must not wait for the next event. */
export function auditEvents(events: AsyncIterableIterator<RunEvent>): AsyncIterableIterator<AuditEvent> {
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      const { done, value } = await events.next()
      return done === true ? end : { done: false, value: redactEvent(value) }
    },
    async return() {
      await events.return?.()
      return end
    },
  }
}

const end: IteratorReturnResult<undefined> = { done: true, value: undefined }
