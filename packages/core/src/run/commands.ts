import type { BudgetExtension } from '../define/budget.ts'
import { checkOptions } from '../define/check.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { inboxStream, runStream } from '../feed/streams.ts'
import { commit, type WriterDeps } from '../feed/writer.ts'
import { readAll } from '../feed/read.ts'
import type { CommandEvents, StoredValue } from '../history/event.ts'
import { encodeValue } from '../history/stored-value.ts'
import { isCodedError, type Blobs, type Entry, type Json } from '../ports/index.ts'
import { canonicalJson, hashJson } from '../schema/json.ts'
import { inboxHead, unreadState } from './heads.ts'

/** A command as read from the inbox. */
export type Command =
  | SignalCommand
  | ExtendCommand
  | ApproveCommand
  | {
      readonly type: 'cancel'
      readonly commandId: string
      readonly at: number
      readonly reason: string | undefined
    }

/** More for the limits of the run. */
export interface ExtendCommand {
  readonly type: 'extend'
  readonly commandId: string
  readonly at: number
  readonly more: BudgetExtension
}

/** A value for a wait. */
export interface SignalCommand {
  readonly type: 'signal'
  readonly commandId: string
  /** Where it stands in the inbox. */
  readonly position: number
  readonly at: number
  readonly name: string
  readonly key: string | undefined
  readonly value: StoredValue
}

/** A decision about an approval. */
export interface ApproveCommand {
  readonly type: 'approve'
  readonly commandId: string
  readonly at: number
  readonly approvalId: string
  readonly binding: string
  readonly decision: 'allow' | 'deny'
  readonly by: string | undefined
  readonly reason: string | undefined
}

/** Reads a command from its entry; `undefined` for one that this version does not know. */
export function toCommand(entry: Entry): Command | undefined {
  const data = entry.data as unknown as CommandEvents[keyof CommandEvents]
  const { commandId } = data
  const { at, position } = entry
  switch (entry.type as keyof CommandEvents) {
    case 'command.signal': {
      const { name, key, value, blob } = data as CommandEvents['command.signal']
      const stored = { ...(value !== undefined && { value }), ...(blob !== undefined && { blob }) }
      return { type: 'signal', commandId, position, at, name, key, value: stored }
    }
    case 'command.cancel':
      return { type: 'cancel', commandId, at, reason: (data as CommandEvents['command.cancel']).reason }
    case 'command.extend': {
      const { commandId: _id, ...more } = data as CommandEvents['command.extend']
      return { type: 'extend', commandId, at, more }
    }
    case 'command.approve': {
      const { approvalId, binding, decision, by, reason } = data as CommandEvents['command.approve']
      return { type: 'approve', commandId, at, approvalId, binding, decision, by, reason }
    }
    default:
      return undefined
  }
}

/** What sending commands needs. */
export interface CommandDeps extends WriterDeps {
  readonly blobs: Blobs
}

/** A command as it is given. */
export type NewCommand =
  | { readonly type: 'signal'; readonly name: string; readonly key?: string; readonly value: unknown }
  | { readonly type: 'cancel'; readonly reason?: string }
  | { readonly type: 'extend'; readonly more: BudgetExtension }

const finalStates: ReadonlySet<string> = new Set(['succeeded', 'cancelled'])

/**
 * Records a command in the inbox of a run; it does nothing else. The same command id again is recorded once.
 * Refused for a run that does not exist or has ended for good.
 */
export async function sendCommand(
  deps: CommandDeps,
  runId: string,
  command: NewCommand,
  commandId: string = deps.platform.id(),
): Promise<void> {
  checkCommandId(commandId)
  if (command.type === 'cancel') checkOptions('cancel', { reason: command.reason }, { reason: 'text' })
  const [head] = await deps.journal.heads({ streams: [runStream(runId)] })
  if (head === undefined) throw notFound(runId)
  if (finalStates.has(head.state)) {
    if (await wasSent(deps, runId, commandId)) return
    throw new HarnessError({
      code: 'run/ended',
      message: `The run "${runId}" has ${head.state}; it takes no more commands.`,
      meta: { runId, state: head.state },
    })
  }
  const data = await commandData(deps, command, commandId)
  const now = deps.platform.now()
  try {
    await commit(deps, {
      id: `command/${shortId(runId)}/${commandId}`,
      entries: [
        {
          stream: inboxStream(runId),
          entries: [{ type: `command.${command.type}`, at: now, data: data as Json }],
        },
      ],
      heads: [inboxHead({ runId, sessionId: head.group }, unreadState, now)],
    })
  } catch (error) {
    if (!isCodedError(error, 'journal/conflict')) throw error
    throw reusedCommandId(runId, commandId)
  }
}

/** The error of a command id that names another command already. */
export function reusedCommandId(runId: string, commandId: string): HarnessError {
  return new HarnessError({
    code: 'validation/options',
    message: `The command id "${commandId}" was used for another command to the run "${runId}". Use a new one.`,
    meta: { runId, commandId },
  })
}

/** The error of a run that does not exist. */
export function notFound(runId: string): HarnessError {
  return new HarnessError({
    code: 'run/not-found',
    message: `There is no run "${runId}" in this store.`,
    meta: { runId },
  })
}

async function commandData(deps: CommandDeps, command: NewCommand, commandId: string): Promise<unknown> {
  if (command.type === 'cancel')
    return { commandId, ...(command.reason !== undefined && { reason: command.reason }) }
  if (command.type === 'extend') return { commandId, ...command.more }
  const { stored } = await encodeValue(command.value, `The value of the signal "${command.name}"`, deps.blobs)
  return { commandId, name: command.name, ...(command.key !== undefined && { key: command.key }), ...stored }
}

async function wasSent(deps: CommandDeps, runId: string, commandId: string): Promise<boolean> {
  const entries = await readAll(deps.journal, inboxStream(runId))
  return entries.some((entry) => (entry.data as { commandId?: unknown }).commandId === commandId)
}

export function checkCommandId(commandId: string): void {
  if (typeof commandId === 'string' && /^[A-Za-z0-9_.:-]{1,64}$/.test(commandId)) return
  throw new HarnessError({
    code: 'validation/options',
    message: `The command id ${canonicalJson(commandId)} is not valid: use 1 to 64 of A-Z a-z 0-9 _ . : -`,
  })
}

/** Batch ids are bounded; a run id of 128 characters would not fit beside a command id. */
export function shortId(runId: string): string {
  return runId.length <= 50 ? runId : hashJson(runId)
}
