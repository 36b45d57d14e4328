import type { Agent } from '../define/agent.ts'
import type { Message } from '../ports/index.ts'
import { issueRecords, issueText, validate, type IssueRecord } from '../schema/validate.ts'

/** A final answer, checked. */
export type CheckedAnswer =
  | { readonly valid: true; readonly output: unknown }
  | { readonly valid: false; readonly issues: readonly IssueRecord[] }

/** The text of an answer. */
export function textOf(answer: Extract<Message, { role: 'assistant' }>): string {
  return answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/** Checks a final answer against the agent's schema; structured answers are JSON, in a code fence or not. */
export async function checkAnswer(agent: Agent, text: string): Promise<CheckedAnswer> {
  let candidate: unknown = text
  if (!agent.answersText) {
    try {
      candidate = JSON.parse(withoutFence(text))
    } catch {
      return { valid: false, issues: [{ path: '', message: 'the answer is not JSON' }] }
    }
  }
  const result = await validate(agent.output, candidate)
  return result.issues === undefined
    ? { valid: true, output: result.value }
    : { valid: false, issues: issueRecords(result.issues) }
}

/** What the model is told once about an answer that does not fit. */
export function repairRequest(issues: readonly IssueRecord[]): string {
  return `Your answer does not match what was asked for: ${issueText(issues)}. Answer again, with the corrected answer only.`
}

function withoutFence(text: string): string {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(text)
  return fenced?.[1] ?? text
}
