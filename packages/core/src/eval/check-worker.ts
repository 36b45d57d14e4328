import { parentPort, workerData } from 'node:worker_threads'
import { schemaFault, type JsonSchema } from '../schema/json-schema/validate.ts'

/** What a thread checks each value against. */
export type CheckJob =
  { readonly pattern: { readonly source: string; readonly flags: string } } | { readonly schema: JsonSchema }

/** What the thread says. */
export type CheckMessage =
  { readonly kind: 'ready' } | { readonly kind: 'checked'; readonly fault: string | undefined }

/** The thread of `CheckThread`: one message in for each value, one out. */
function faultOf(job: CheckJob): (value: unknown) => string | undefined {
  if ('schema' in job) return (value) => schemaFault(job.schema, value)
  const pattern = new RegExp(job.pattern.source, job.pattern.flags)
  return (value) => {
    pattern.lastIndex = 0
    return pattern.test(String(value)) ? undefined : 'no match'
  }
}

const say = (message: CheckMessage): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(message)
}

const check = faultOf(workerData as CheckJob)
parentPort?.on('message', (value: unknown) => say({ kind: 'checked', fault: check(value) }))
say({ kind: 'ready' })
