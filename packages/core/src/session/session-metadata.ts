import { invalidOption } from '../define/check.ts'
import { metadataStream } from '../feed/streams.ts'
import { commit } from '../feed/writer.ts'
import type { Json } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'
import { canonicalJson, toFrozenJson } from '../schema/json.ts'

/** It is kept in a head, which holds 8 KiB with what surrounds it. */
const maxBytes = 7_168

const none: Json = Object.freeze({})

/**
 * What an application keeps with a session. Given again, it replaces what was kept, whole: the newest call counts.
 * It needs no lease, because no run reads it.
 */
export class SessionMetadata {
  readonly #engine: Engine
  readonly #sessionId: string
  #value: Json | undefined
  /** One after the other, so that the newest call is the last to write. */
  #turn: Promise<void> = Promise.resolve()

  constructor(engine: Engine, sessionId: string) {
    this.#engine = engine
    this.#sessionId = sessionId
  }

  /** As it was last read or written here. */
  get value(): Json {
    return this.#value ?? none
  }

  /** Reads it when this process has not, and replaces it when something is given. */
  open(given: unknown): Promise<void> {
    const metadata = given === undefined ? undefined : checked(given)
    const turn = this.#turn.then(() => this.#open(metadata))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #open(given: Json | undefined): Promise<void> {
    this.#value ??= await this.#read()
    if (given === undefined || canonicalJson(given) === canonicalJson(this.#value)) return
    await this.#write(given)
    this.#value = given
  }

  async #read(): Promise<Json> {
    const [head] = await this.#engine.journal.heads({ streams: [metadataStream(this.#sessionId)] })
    return head === undefined ? none : toFrozenJson(head.data, 'The metadata of the session')
  }

  async #write(data: Json): Promise<void> {
    const stream = metadataStream(this.#sessionId)
    const updatedAt = this.#engine.platform.now()
    const head = { stream, kind: 'metadata', group: this.#sessionId, state: 'kept', updatedAt, data }
    await commit(this.#engine, { heads: [head] })
  }
}

function checked(given: unknown): Json {
  const metadata = toFrozenJson(given, 'The metadata of the session')
  const bytes = new TextEncoder().encode(JSON.stringify(metadata)).length
  if (bytes <= maxBytes) return metadata
  return invalidOption(
    'getSession',
    'metadata',
    `its JSON has ${bytes} bytes; at most ${maxBytes} are kept with a session`,
  )
}
