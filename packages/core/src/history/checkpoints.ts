import type { CheckpointInfo, CheckpointKey } from '../define/checkpoints.ts'
import type { Entry } from '../ports/index.ts'
import type { CheckpointRecord, CommittedEvents } from './event.ts'

/** The checkpoints of one run as its entries leave them. */
export type CheckpointState = Map<string, CheckpointRecord>

/** Where a checkpoint is in the state. */
export const checkpointKey = ({ kind, sequence }: CheckpointKey): string => `${kind}/${sequence}`

/** Applies an entry that is about checkpoints; every other one changes nothing. */
export function applyCheckpoint(state: CheckpointState, entry: Pick<Entry, 'type' | 'data'>): void {
  if (entry.type === 'checkpoint.written') {
    const record = entry.data as unknown as CommittedEvents['checkpoint.written']
    state.set(checkpointKey(record), record)
  }
  if (entry.type === 'checkpoint.deleted') {
    state.delete(checkpointKey(entry.data as unknown as CommittedEvents['checkpoint.deleted']))
  }
}

/** The run that checkpoints belong to. */
export interface CheckpointRun {
  readonly runId: string
  readonly started: CommittedEvents['run.started']
}

/** A record as callers see it, without its payload. */
export function checkpointInfo(record: CheckpointRecord, { runId, started }: CheckpointRun): CheckpointInfo {
  const { kind, sequence, agent, metadata, payloadSizeBytes, createdAt } = record
  const { target, sessionId } = started
  return {
    runId,
    sessionId,
    kind,
    sequence,
    ...(target.kind === 'workflow' && { workflow: target.name }),
    ...(agent !== undefined && { agent }),
    metadata,
    payloadSizeBytes,
    createdAt,
  }
}

/** Records in the order of `sequence`; those of one sequence by kind. */
export function checkpointsOf(
  state: CheckpointState,
  is: (record: CheckpointRecord) => boolean,
): CheckpointRecord[] {
  return [...state.values()]
    .filter(is)
    .sort((left, right) => left.sequence - right.sequence || (left.kind < right.kind ? -1 : 1))
}

/** Whether a record was written in a scope or below it. */
export function isWithin({ scope }: CheckpointRecord, caller: string): boolean {
  return caller === '' || scope === caller || scope.startsWith(`${caller}/`)
}
