import { createHash } from 'node:crypto'

/** Where a child comes from. Every event of it carries this. */
export interface Lineage {
  /** The workflow that called it. */
  readonly workflow: string
  /** Key of the scope that called: empty for the run itself, `items/3` for an item of a fan-out. */
  readonly parent: string
  /** `delegate_<ulid>`: the same for all events of this call, in every attempt. */
  readonly delegationCallId: string
  /** 1 for a child of the run, 2 for a child of that. */
  readonly depth: number
  /** The alias of its model. */
  readonly model: string
}

/** Crockford's alphabet, as ULIDs have it. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * The id of a delegated call: a ULID with the time at which its run began. Made of the run and the key of the call
 * and not drawn, so that every attempt, in whichever process, names the call alike and nothing has to be recorded
 * before the call.
 */
export function delegationCallId(
  run: { readonly runId: string; readonly startedAt: number },
  key: string,
): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([run.runId, key]))
    .digest()
  // 5 bits of each byte: 16 of the 26 digits.
  const random = [...bytes.subarray(0, 16)].map((byte) => alphabet[byte % 32]).join('')
  let time = ''
  for (let rest = Math.max(0, Math.floor(run.startedAt)); time.length < 10; rest = Math.floor(rest / 32)) {
    time = `${alphabet[rest % 32]}${time}`
  }
  return `delegate_${time}${random}`
}
