import { invalidOption } from '../define/check.ts'
import type { CheckpointInit, CheckpointKey, CheckpointKind } from '../define/checkpoints.ts'
import type { Json, JsonObject } from '../ports/index.ts'
import { toFrozenJson } from '../schema/json.ts'

const kinds: readonly string[] = ['summary', 'handoff', 'goal_state'] satisfies readonly CheckpointKind[]

const runIdPattern = /^[A-Za-z0-9_.:-]{1,128}$/

export function checkKind(operation: string, kind: unknown): CheckpointKind {
  if (typeof kind === 'string' && kinds.includes(kind)) return kind as CheckpointKind
  return invalidOption(`checkpoints.${operation}`, 'kind', `use one of ${kinds.join(', ')}`)
}

export function checkKeyOf(operation: string, key: CheckpointKey | undefined): CheckpointKey {
  const kind = checkKind(operation, key?.kind)
  const { sequence } = key as CheckpointKey
  if (!Number.isSafeInteger(sequence) || sequence < 0 || Object.is(sequence, -0))
    invalidOption(`checkpoints.${operation}`, 'sequence', 'use a whole number from 0')
  return { kind, sequence }
}

export function checkRunId(operation: string, runId: unknown): string | undefined {
  if (runId === undefined || (typeof runId === 'string' && runIdPattern.test(runId))) return runId
  return invalidOption(`checkpoints.${operation}`, 'runId', 'use the id of a run')
}

/** What is to be written, copied. */
export interface CheckedCheckpoint extends CheckpointKey {
  readonly payload: Json
  readonly metadata: JsonObject
}

/** Throws `validation/options`, and `validation/value` for what is not JSON. */
export function checkCheckpoint(init: CheckpointInit): CheckedCheckpoint {
  const key = checkKeyOf('write', init)
  const metadata = toFrozenJson(init.metadata ?? {}, 'The metadata of checkpoints.write')
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    invalidOption('checkpoints.write', 'metadata', 'use an object')
  return {
    ...key,
    payload: toFrozenJson(init.payload, 'The payload of checkpoints.write'),
    metadata: metadata as JsonObject,
  }
}
