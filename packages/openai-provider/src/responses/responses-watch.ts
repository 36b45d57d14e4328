import { malformedAnswer, type Usage } from '@belay/core/ports'
import type { RawWatch } from '../ai-sdk/sdk-answer.ts'
import { usageOf } from '../answer/usage.ts'
import { errorFacts, record } from '../errors/error-facts.ts'
import { providerError, type ErrorContext } from '../errors/provider-error.ts'

/**
 * Watches the events of the responses protocol. The SDK gives a refusal no name of its own, drops the status of
 * a response, turns counts that are absent into 0, and wraps error events so that their codes blur.
 */
export function responsesWatch(context: ErrorContext): RawWatch {
  let refused = false
  let rawReason: string | undefined
  let usage: Usage = {}

  return {
    see(value) {
      const event = record(value)
      const type = event?.['type']
      if (!event || typeof type !== 'string') throw malformedAnswer('an event has no type')
      if (type === 'error' || type === 'response.failed') throw providerError(errorFacts(event), context)
      if (type.startsWith('response.refusal.')) refused = true
      if (type === 'response.completed' || type === 'response.incomplete') {
        const response = record(event['response'])
        if (!response) throw malformedAnswer(`${type} has no response`)
        rawReason = reasonOf(response) ?? type.replace('response.', '')
        usage = usageOf(response['usage'])
      }
    },
    ending: () => (rawReason === undefined ? undefined : { refused, rawReason, usage }),
  }
}

/** Why an incomplete response stopped, else its status. */
function reasonOf(response: Readonly<Record<string, unknown>>): string | undefined {
  const reason = record(response['incomplete_details'])?.['reason'] ?? response['status']
  return typeof reason === 'string' ? reason : undefined
}
