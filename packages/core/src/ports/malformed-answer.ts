import { PortError } from './errors.ts'

/**
 * The error of an answer that is not the provider's protocol. `what` names the rule that was broken, never what
 * was sent: that may be part of an answer.
 */
export function malformedAnswer(what: string): PortError {
  return new PortError({ code: 'model/malformed', message: `The model's answer is malformed: ${what}` })
}
