import { HarnessError } from '../../errors/harness-error.ts'

/** What a model is told when a built-in tool cannot do what it was asked for. */
export function refusal(tool: string, reason: 'missing' | 'binary', message: string): HarnessError {
  return new HarnessError({ code: 'tool/failed', message, meta: { tool, reason } })
}
