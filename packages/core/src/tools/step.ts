import type { StepRun } from '../define/effect.ts'
import type { Tool } from '../define/tool.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { LabelRecord } from '../history/event.ts'
import type { EngineContext, GateSpec, StepSpec } from '../run/definition.ts'
import type { EffectFacts } from '../run/observer.ts'
import type { Skill } from '../ports/index.ts'
import { issueRecords, issueText, validate } from '../schema/validate.ts'
import { ToolCallContext } from './tool-call-context.ts'

/** One call of a tool, by a model or a workflow. */
export interface ToolStepInit {
  readonly context: EngineContext
  readonly tool: Tool
  readonly name: string
  readonly key?: string
  /** Validated already. */
  readonly input: unknown
  /** What a replay compares. */
  readonly hashed: unknown
  readonly label: LabelRecord
  readonly callId?: string
  readonly defaultTimeoutMs: number
  /** Of the agent that calls. */
  readonly skills?: readonly Skill[]
  readonly folded?: boolean
  /** Sees each result before it is recorded and gives the one that is. */
  readonly inspect?: (output: unknown, run: StepRun) => unknown
  /** Absent: it is allowed. */
  readonly gate?: GateSpec | undefined
}

/** A step that executes a tool. */
export function toolStep(init: ToolStepInit): StepSpec {
  const { context, tool, callId } = init
  return {
    name: init.name,
    noun: 'tool',
    effect: tool.effect,
    folded: init.folded ?? false,
    input: init.hashed,
    timeoutMs: tool.timeoutMs ?? init.defaultTimeoutMs,
    label: () => init.label,
    workspace: tool.workspace ?? 'read',
    facts: () => toolFacts(tool.name, init.label),
    run: (run, tell) => {
      const { agent } = init.label
      tell?.({ input: init.input })
      context.emit({
        type: 'tool.started',
        key: run.key,
        tool: tool.name,
        callId: callId ?? '',
        ...(agent !== undefined && { agent }),
      })
      const caller = { ...(agent !== undefined && { agent }), ...(callId !== undefined && { callId }) }
      const output = tool.execute(init.input, new ToolCallContext(context, run, caller))
      if (tool.output === undefined && init.inspect === undefined) return output
      return finish(init, output, run)
    },
    ...(init.key !== undefined && { key: init.key }),
    ...(init.gate !== undefined && { gate: init.gate }),
    ...(init.skills !== undefined && init.skills.length > 0 && { skills: init.skills }),
  }
}

/** Only a tool with a schema for its output, or with somebody who looks at it, has to be waited for here. */
async function finish({ tool, inspect }: ToolStepInit, output: unknown, run: StepRun): Promise<unknown> {
  const checked = await checkOutput(tool, await output)
  return inspect === undefined ? checked : inspect(checked, run)
}

/** For whoever watches: the name is that of a tool that exists, and not what a model wrote. */
export function toolFacts(
  name: string | undefined,
  { agent, callId }: Pick<LabelRecord, 'agent' | 'callId'>,
): EffectFacts {
  return {
    ...(agent !== undefined && { agent }),
    tool: { ...(name !== undefined && { name }), ...(callId !== undefined && { callId }) },
  }
}

async function checkOutput(tool: Tool, output: unknown): Promise<unknown> {
  if (tool.output === undefined) return output
  const result = await validate(tool.output, output)
  if (result.issues === undefined) return result.value
  throw new HarnessError({
    code: 'tool/failed',
    message: `The tool "${tool.name}" returned what its output schema refuses: ${issueText(issueRecords(result.issues))}. Correct the tool or its schema.`,
    meta: { tool: tool.name },
  })
}
