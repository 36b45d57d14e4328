import type { CheckpointInfo, CheckpointKey } from '../define/checkpoints.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { checkpointInfo, checkpointKey } from '../history/checkpoints.ts'
import type { CheckpointRecord, NewEvent } from '../history/event.ts'
import type { RunRecords } from '../run/run-records.ts'
import { hashJson } from '../schema/json.ts'
import type { CheckedCheckpoint } from './checkpoint-input.ts'

/** Who writes. */
export interface CheckpointWriter {
  readonly records: RunRecords
  /** Key of the scope. */
  readonly scope: string
  readonly agent: string | undefined
}

/** What an operation came to, and the entries that make it last. */
export interface CheckpointChange<T> {
  readonly value: T
  readonly events: readonly NewEvent[]
}

/**
 * Puts a checkpoint into the state of the run. The state is changed at once, so that of two writes under way the
 * second sees the first; when the entry cannot be committed, this process stops with the run.
 */
export async function writeCheckpoint(
  { records, scope, agent }: CheckpointWriter,
  { kind, sequence, payload, metadata }: CheckedCheckpoint,
): Promise<CheckpointChange<CheckpointInfo>> {
  const { stored } = await records.encode(payload, 'The payload of checkpoints.write')
  const { own } = records
  const payloadHash = hashJson(payload)
  const before = own.checkpoints.get(checkpointKey({ kind, sequence }))
  if (before !== undefined) {
    if (before.payloadHash !== payloadHash) throw conflict({ kind, sequence }, own.runId)
    return { value: checkpointInfo(before, own), events: [] }
  }
  const data: CheckpointRecord = {
    kind,
    sequence,
    scope,
    ...(agent !== undefined && { agent }),
    metadata,
    payloadHash,
    payloadSizeBytes: stored.blob?.bytes ?? Buffer.byteLength(JSON.stringify(payload)),
    createdAt: records.now,
    ...stored,
  }
  own.checkpoints.set(checkpointKey(data), data)
  return { value: checkpointInfo(data, own), events: [{ type: 'checkpoint.written', data }] }
}

/** Takes a checkpoint out of the state of the run. */
export function deleteCheckpoint(
  { records, scope }: CheckpointWriter,
  { kind, sequence }: CheckpointKey,
): CheckpointChange<boolean> {
  const wasThere = records.own.checkpoints.delete(checkpointKey({ kind, sequence }))
  return {
    value: wasThere,
    events: wasThere ? [{ type: 'checkpoint.deleted', data: { kind, sequence, scope } }] : [],
  }
}

function conflict({ kind, sequence }: CheckpointKey, runId: string): HarnessError {
  return new HarnessError({
    code: 'checkpoint/conflict',
    message: `The run "${runId}" has a checkpoint ${kind} ${sequence} with another payload. Use the next sequence, or delete it first.`,
    meta: { runId, kind, sequence },
  })
}
