import type { Checkpoint, CheckpointAddress, CheckpointQuery, Checkpoints } from '../define/checkpoints.ts'
import { checkpointInfo, checkpointKey, checkpointsOf, isWithin } from '../history/checkpoints.ts'
import type { CheckpointRecord, NewEvent } from '../history/event.ts'
import type { Json } from '../ports/index.ts'
import { handled } from '../run/attempt.ts'
import type { EngineContext } from '../run/definition.ts'
import { OperationNames } from '../run/operation-names.ts'
import type { RunCheckpoints } from '../run/run-records.ts'
import { checkCheckpoint, checkKeyOf, checkKind, checkRunId } from './checkpoint-input.ts'
import {
  deleteCheckpoint,
  writeCheckpoint,
  type CheckpointChange,
  type CheckpointWriter,
} from './checkpoint-writing.ts'

/** One operation, before it is decided when it is made. */
interface CheckpointOperation<T> {
  readonly name: string
  readonly effect: 'read' | 'idempotent'
  readonly input: Json
  readonly make: () => CheckpointChange<T> | Promise<CheckpointChange<T>>
}

type Perform = <T>(operation: CheckpointOperation<T>) => Promise<T>

/** `ctx.checkpoints` of a workflow: each operation is a step, and what it writes is committed with its result. */
export function workflowCheckpoints(context: EngineContext): Checkpoints {
  const names = new OperationNames()
  return checkpoints(context, undefined, ({ name, effect, input, make }) => {
    let events: readonly NewEvent[] = []
    return context.step({
      name: names.next(name),
      noun: 'step',
      effect,
      input,
      run: async () => {
        const change = await context.io(async () => make())
        events = change.events
        return change.value
      },
      also: () => events,
    })
  })
}

/** `ctx.checkpoints` of a tool: the call of the tool is the step, so what it writes is committed at once. */
export function toolCheckpoints(
  context: EngineContext,
  agent: string | undefined,
  signal: () => AbortSignal,
): Checkpoints {
  return checkpoints(context, agent, async ({ make }) => {
    signal().throwIfAborted()
    const { value, events } = await context.io(async () => make())
    for (const event of events) await context.records.record(event)
    return value
  })
}

function checkpoints(context: EngineContext, agent: string | undefined, perform: Perform): Checkpoints {
  const { records } = context
  const writer: CheckpointWriter = { records, scope: context.scope, agent }
  /** A refusal is a rejection like any other, and one that nobody awaits must not end the process. */
  const ask = <T>(operation: () => CheckpointOperation<T>): Promise<T> => {
    try {
      return handled(perform(operation()))
    } catch (error) {
      return handled(Promise.reject(error))
    }
  }
  const toCheckpoint = async (record: CheckpointRecord, run: RunCheckpoints): Promise<Checkpoint> => ({
    ...checkpointInfo(record, run),
    payload: (await records.decode(record)) as Json,
  })
  const read = async (address: CheckpointAddress): Promise<Checkpoint | undefined> => {
    const run = await records.of(address.runId ?? context.run.runId)
    const record = run.checkpoints.get(checkpointKey(address))
    return record && toCheckpoint(record, run)
  }
  const list = async ({ kind, runId }: CheckpointQuery): Promise<readonly Checkpoint[]> => {
    const run = await records.of(runId ?? context.run.runId)
    const isMeant = (record: CheckpointRecord): boolean =>
      (kind === undefined || record.kind === kind) && (runId !== undefined || isWithin(record, context.scope))
    return Promise.all(checkpointsOf(run.checkpoints, isMeant).map((record) => toCheckpoint(record, run)))
  }
  return {
    write: (init) =>
      ask(() => {
        const checked = checkCheckpoint(init)
        return {
          name: `checkpoint.write.${checked.kind}.${checked.sequence}`,
          effect: 'idempotent',
          input: { ...checked },
          make: () => writeCheckpoint(writer, checked),
        }
      }),
    delete: (key) =>
      ask(() => {
        const { kind, sequence } = checkKeyOf('delete', key)
        return {
          name: `checkpoint.delete.${kind}.${sequence}`,
          effect: 'idempotent',
          input: null,
          make: () => deleteCheckpoint(writer, { kind, sequence }),
        }
      }),
    read: (address) =>
      ask(() => {
        const { kind, sequence } = checkKeyOf('read', address)
        const runId = checkRunId('read', address.runId)
        return {
          name: `checkpoint.read.${kind}.${sequence}`,
          effect: 'read',
          input: { runId: runId ?? null },
          make: async () => ({
            value: await read({ kind, sequence, ...(runId !== undefined && { runId }) }),
            events: [],
          }),
        }
      }),
    list: (query = {}) =>
      ask(() => {
        const kind = query.kind === undefined ? undefined : checkKind('list', query.kind)
        const runId = checkRunId('list', query.runId)
        return {
          name: `checkpoint.list`,
          effect: 'read',
          input: { kind: kind ?? null, runId: runId ?? null },
          make: async () => ({
            value: await list({
              ...(kind !== undefined && { kind }),
              ...(runId !== undefined && { runId }),
            }),
            events: [],
          }),
        }
      }),
  }
}
