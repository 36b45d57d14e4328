import { isCodedError, type JsonObject } from '@belay/core/ports'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { ExposedTool } from './exposed-tool.ts'

/** Longer messages help no model, and may quote what another system sent. */
const maxMessageUnits = 2_000

/** The output of a run, as text and, for an object, as structured content. */
export function outputResult(tool: ExposedTool, output: unknown, runId: string): CallToolResult {
  const text = typeof output === 'string' ? output : (JSON.stringify(output) ?? '')
  return {
    content: [{ type: 'text', text }],
    ...(tool.isStructured && { structuredContent: output as JsonObject }),
    _meta: { 'belay/runId': runId },
  }
}

/** A refusal or a failure: code and message, never a stack or a cause. What has no code may say anything, and is not shown. */
export function errorResult(error: unknown, runId?: string): CallToolResult {
  const coded = isCodedError(error)
  const code = coded ? error.code : 'internal'
  const message = coded ? error.message.slice(0, maxMessageUnits) : 'The run failed.'
  return refusalResult(code, message, coded && error.retryable, runId)
}

/** An answer that is no output. */
export function refusalResult(
  code: string,
  message: string,
  retryable: boolean,
  runId?: string,
): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${code}: ${message}` }],
    _meta: { 'belay/error': { code, retryable }, ...(runId !== undefined && { 'belay/runId': runId }) },
  }
}
