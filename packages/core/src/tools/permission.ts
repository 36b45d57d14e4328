import type { OnPermission, Permission } from '../define/permission.ts'
import type { Tool } from '../define/tool.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { Json } from '../ports/index.ts'
import type { Denial, EngineContext, GateSpec } from '../run/definition.ts'
import { hashJson, toFrozenJson } from '../schema/json.ts'

/** A hook that takes longer denies: whoever has to think asks for an approval instead. */
const hookTimeoutMs = 60_000

/** One call of a tool, as far as permission goes. */
export interface ToolPermission {
  readonly context: EngineContext
  readonly tool: Tool
  readonly permission: Permission
  /** As the model or the workflow gave them. */
  readonly arguments: Json
  readonly callId?: string
  readonly agent?: string
  readonly approvalTimeoutMs: number
  readonly onPermission: OnPermission | undefined
}

/** What a call has to pass before it is executed; `undefined` when it is allowed. */
export function gateOf(call: ToolPermission): GateSpec | undefined {
  const { context, tool, permission, callId, agent, onPermission } = call
  if (permission === 'allow') return undefined
  const { version: toolVersion } = tool
  const who = { ...(callId !== undefined && { callId }), ...(agent !== undefined && { agent }) }
  const { runId, sessionId } = context.run
  const { metadata } = context
  return {
    permission,
    subject: { tool: tool.name, toolVersion, argumentsHash: hashJson(call.arguments), ...who },
    content: call.arguments,
    timeoutMs: call.approvalTimeoutMs,
    hookTimeoutMs,
    denied: (denial) => denied(tool.name, denial),
    ...(onPermission !== undefined && {
      hook: (signal: AbortSignal) =>
        onPermission(
          {
            runId,
            sessionId,
            tool: tool.name,
            toolVersion,
            // Frozen: what is decided about is what is executed.
            arguments: toFrozenJson(call.arguments, 'The arguments'),
            metadata,
            ...who,
          },
          { signal },
        ),
    }),
  }
}

function denied(tool: string, denial: Denial): HarnessError {
  const said = denial.why === 'decision' && denial.reason !== undefined ? `: ${denial.reason}` : ''
  return new HarnessError({
    code: 'tool/denied',
    message: `The tool "${tool}" was not called: ${explanations[denial.why]}${said}.`,
    meta: { tool, reason: denial.why },
  })
}

const explanations: Readonly<Record<Denial['why'], string>> = {
  policy: 'it is not allowed here',
  expired: 'nobody allowed it in time',
  hook: 'it was denied',
  hook_failed: 'whether it is allowed could not be found out',
  decision: 'it was denied',
}
