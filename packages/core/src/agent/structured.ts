import type { Agent } from '../define/agent.ts'
import type { Message } from '../ports/index.ts'
import type { SchemaResult } from '../schema/standard-schema.ts'
import { issueRecords, issueText, validate, type IssueRecord } from '../schema/validate.ts'

/** A final answer, checked. */
export type CheckedAnswer =
  | { readonly valid: true; readonly output: unknown }
  | { readonly valid: false; readonly issues: readonly IssueRecord[] }

/** The text of an answer. */
export function textOf(answer: Extract<Message, { role: 'assistant' }>): string {
  return answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/**
 * Checks a final answer against the agent's schema; structured answers are JSON, in a code fence or not. A promise
 * comes back only when the schema itself is asynchronous.
 */
export function checkAnswer(agent: Agent, text: string): CheckedAnswer | Promise<CheckedAnswer> {
  let candidate: unknown = text
  if (!agent.answersText) {
    try {
      candidate = JSON.parse(withoutFence(text))
    } catch {
      return { valid: false, issues: [{ path: '', message: 'the answer is not JSON' }] }
    }
  }
  const result = validate(agent.output, candidate)
  return result instanceof Promise ? result.then(toChecked) : toChecked(result)
}

function toChecked(result: SchemaResult<unknown>): CheckedAnswer {
  return result.issues === undefined
    ? { valid: true, output: result.value }
    : { valid: false, issues: issueRecords(result.issues) }
}

/** What the model is told once about an answer that does not fit. */
export function repairRequest(issues: readonly IssueRecord[]): string {
  return `Your answer does not match what was asked for: ${issueText(issues)}. Answer again, with the corrected answer only.`
}

/** By hand, because a pattern that looks for both ends is slow on an answer of many line breaks. */
function withoutFence(text: string): string {
  const trimmed = text.trim()
  const lineEnd = trimmed.indexOf('\n')
  if (!trimmed.startsWith(fence) || lineEnd < 0) return trimmed
  const end = trimmed.lastIndexOf(fence)
  return end > lineEnd ? trimmed.slice(lineEnd + 1, end) : trimmed
}

const fence = '```'
