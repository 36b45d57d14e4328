import { HarnessError } from '../errors/harness-error.ts'
import type { RunCallOptions } from './definition.ts'
import type { Lineage } from '../history/lineage.ts'
import type { Json } from '../ports/index.ts'
import { Cancellation } from './signal.ts'

/** Names of steps, waits, children and explicit keys. */
const namePattern = /^[A-Za-z0-9_.:-]{1,64}$/

/** A place in a run: the root, a child, or one item of a fan-out. */
export class Scope {
  readonly key: string
  readonly parent: Scope | undefined
  readonly depth: number
  readonly metadata: Json
  readonly options: RunCallOptions
  /** Of a child, and of what lies in it. */
  readonly lineage: Lineage | undefined
  readonly cancellation: Cancellation
  /** Its end is settled; nothing of it is written any more. */
  over = false
  /** Its end was recorded by an earlier attempt, so its body does not run and everything below it counts as consumed. */
  skipped = false
  /** Position of the last result that engine code of this scope took at once. */
  seen = 0
  /** Entries asked for before this position belong to the time before the scope was cut. */
  cutAt: number | undefined
  readonly #names = new Map<string, { count: number; inFlight: string | undefined }>()

  constructor(init: {
    key: string
    parent?: Scope
    depth: number
    metadata: Json
    options: RunCallOptions
    lineage?: Lineage | undefined
    cancellation?: Cancellation
  }) {
    this.key = init.key
    this.parent = init.parent
    this.depth = init.depth
    this.metadata = init.metadata
    this.options = init.options
    this.lineage = init.lineage ?? init.parent?.lineage
    this.cancellation = init.cancellation ?? new Cancellation(init.parent?.cancellation)
  }

  /** Whether this scope or one around it was cut. */
  get isCut(): boolean {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (scope.cutAt !== undefined) return true
    }
    return false
  }

  /** Whether `other` is this scope or lies in it. */
  contains(other: Scope): boolean {
    for (let scope: Scope | undefined = other; scope !== undefined; scope = scope.parent) {
      if (scope === this) return true
    }
    return false
  }

  /**
   * Takes the key for a name. The same name again gets `#2` once the first was handed back; while the first
   * is in flight two calls could not be told apart in a replay, so the second is refused.
   */
  reserve(name: string, explicitKey: string | undefined): ReservedKey {
    const part = explicitKey ?? name
    if (explicitKey !== undefined) checkName(name, 'name')
    let slot = this.#names.get(part)
    if (slot === undefined) {
      checkName(part, explicitKey === undefined ? 'name' : 'key')
      this.#names.set(part, (slot = { count: 0, inFlight: undefined }))
    }
    if (slot.inFlight !== undefined) throw ambiguous(part, slot.inFlight, this.key)
    slot.count++
    const local = slot.count === 1 ? part : `${part}#${slot.count}`
    const key = this.key === '' ? local : `${this.key}/${local}`
    slot.inFlight = key
    return {
      key,
      name,
      hasOwnKey: part !== name,
      release: () => {
        if (slot.inFlight === key) slot.inFlight = undefined
      },
    }
  }
}

/** A key and how to say that its result was handed back. */
export interface ReservedKey {
  readonly key: string
  /** The name of the call. */
  readonly name: string
  /** Whether the call gave a key of its own, so that the key does not say the name. */
  readonly hasOwnKey: boolean
  release(): void
}

function checkName(value: string, what: 'name' | 'key'): void {
  if (typeof value === 'string' && namePattern.test(value)) return
  throw new HarnessError({
    code: 'validation/options',
    message: `The ${what} ${JSON.stringify(value)} of a step, wait or child is not valid: use 1 to 64 of A-Z a-z 0-9 _ . : -`,
  })
}

function ambiguous(name: string, inFlight: string, scope: string): HarnessError {
  return new HarnessError({
    code: 'step/ambiguous',
    message: `"${name}" was asked for in ${scope === '' ? 'the run' : `"${scope}"`} while "${inFlight}" is still in flight. Give each call its own \`key\`.`,
    meta: { name, inFlight, scope },
  })
}
