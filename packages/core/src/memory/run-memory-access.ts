import type { MemoryHandle, ToolMemory, WorkflowMemory } from '../define/memory.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { Json, MemoryScope } from '../ports/index.ts'
import type { EngineContext } from '../run/definition.ts'
import { OperationNames } from '../run/operation-names.ts'
import { hashJson } from '../schema/json.ts'
import { memoryHandle, type PerformMemory } from './memory-handle.ts'

/** `ctx.memory` of a workflow, for the root or one item of a fan-out. Each operation is a step of its scope. */
export function workflowMemory(context: EngineContext): WorkflowMemory {
  return access(context, asSteps(context))
}

/** `ctx.memory` of a tool. The call of the tool is the step, so its operations are made at once. */
export function toolMemory(
  context: EngineContext,
  agent: string | undefined,
  signal: () => AbortSignal,
): ToolMemory {
  const perform: PerformMemory = async ({ make }) => {
    signal().throwIfAborted()
    return guarded(context, make)
  }
  const memory = access(context, perform)
  if (agent === undefined) return memory
  return Object.defineProperties({} as ToolMemory, {
    ...Object.getOwnPropertyDescriptors(memory),
    agent: {
      enumerable: true,
      get: () => memoryHandle(context.memory, { kind: 'agent', id: agent }, perform),
    },
  })
}

/**
 * The step's name says the operation and, as a hash, where: the key itself would be seen by whoever sees events and
 * spans.
 */
function asSteps(context: EngineContext): PerformMemory {
  const names = new OperationNames()
  return ({ verb, scope, key, input, make }) =>
    context.step({
      name: names.next(`memory.${verb}.${hashJson([scope.kind, scope.id, key])}`),
      noun: 'step',
      effect: verb === 'write' || verb === 'delete' ? 'idempotent' : 'read',
      input,
      run: () => guarded(context, make),
    })
}

/** A store in doubt stops the run; another adapter that fails fails the step. */
function guarded<T>(context: EngineContext, make: () => Promise<T>): Promise<T> {
  return context.memory?.ofStore === true ? context.io(make) : make()
}

function access(context: EngineContext, perform: PerformMemory): WorkflowMemory {
  const { run, metadata } = context
  const of = (scope: MemoryScope): MemoryHandle => memoryHandle(context.memory, scope, perform)
  return {
    get session() {
      return of({ kind: 'session', id: run.sessionId })
    },
    get run() {
      return of({ kind: 'run', id: run.runId })
    },
    user: (id) => of({ kind: 'user', id: scopeId('user', id, metadata) }),
    tenant: (id) => of({ kind: 'tenant', id: scopeId('tenant', id, metadata) }),
  }
}

const maxIdLength = 512

/** The id that was given, or the one that the caller of the run gave in its metadata. */
function scopeId(kind: 'user' | 'tenant', id: string | undefined, metadata: Json): string {
  const field = `${kind}Id`
  const own = typeof metadata === 'object' && metadata !== null && Object.hasOwn(metadata, field)
  const found: unknown = id ?? (own ? (metadata as Readonly<Record<string, Json>>)[field] : undefined)
  if (typeof found === 'string' && found !== '' && found.length <= maxIdLength && found.isWellFormed())
    return found
  throw new HarnessError({
    code: 'validation/memory_scope',
    message:
      found === undefined
        ? `memory.${kind}() needs an id: give one, or start the run with metadata.${field}.`
        : `The id of memory.${kind}() is not valid: use 1 to ${maxIdLength} characters.`,
    meta: { scope: kind },
  })
}
