import type { Budget } from '../define/budget.ts'
import { checkOptions } from '../define/check.ts'
import type { Definition } from '../run/definition.ts'
import type { Engine } from '../run/engine.ts'
import { whileOpen } from '../run/open.ts'
import type { MessageCache } from '../session/message-cache.ts'
import { SessionCore, type Runnable } from '../session/session.ts'
import type { Session, SessionOptions } from './harness.ts'
import { sessionSummary } from './summary.ts'

/** A definition with the limit that it sets for its runs. */
export interface CompiledDefinition {
  readonly definition: Definition
  readonly timeoutMs: number | undefined
  readonly budget: Budget | undefined
}

/** What sessions share in one harness. */
export interface SessionsInit {
  readonly engine: Engine
  readonly messages: MessageCache
  readonly agents: ReadonlyMap<string, CompiledDefinition>
  readonly workflows: ReadonlyMap<string, CompiledDefinition>
  readonly defaultTimeoutMs: number
  readonly defaultBudget: Budget | undefined
  readonly requireModel: (alias: string) => void
}

type OpenSession = Session & Pick<SessionCore, 'open'>

/**
 * The sessions of one harness: one object for an id as long as somebody holds it. What nobody holds any more is
 * forgotten without a `close`, because a server opens one for each caller that it has ever had.
 */
export class OpenSessions {
  readonly #init: SessionsInit
  readonly #open = new Map<string, WeakRef<OpenSession>>()
  readonly #collected = new FinalizationRegistry<string>((id) => {
    if (this.#open.get(id)?.deref() !== undefined) return
    this.#forget(id)
    void this.#init.engine.places.sessions.closeUnused(id)
  })

  constructor(init: SessionsInit) {
    this.#init = init
  }

  /** Whether somebody holds the session. */
  isOpen(id: string): boolean {
    return this.#open.get(id)?.deref() !== undefined
  }

  async get(id: string, options: SessionOptions = {}): Promise<Session> {
    checkOptions('getSession', { id: id ?? null }, { id: 'sessionId' })
    const session = this.#open.get(id)?.deref() ?? this.#create(id)
    await session.open(options.metadata)
    return session
  }

  #create(id: string): OpenSession {
    const { engine, defaultTimeoutMs, defaultBudget, requireModel, agents, workflows } = this.#init
    const core = new SessionCore({
      engine,
      sessionId: id,
      defaultTimeoutMs,
      defaultBudget,
      requireModel,
      onClose: () => {
        // What is watched outlives its use: a closed session can go with the next small collection.
        this.#collected.unregister(core)
        this.#forget(id)
      },
    })
    const session = Object.assign(core, {
      agents: runnables(core, agents),
      workflows: runnables(core, workflows),
      getRunSummary: (runId: string) => whileOpen(engine, () => sessionSummary(engine, id, runId)),
    }) as unknown as OpenSession
    this.#open.set(id, new WeakRef(session))
    this.#collected.register(session, id, core)
    return session
  }

  #forget(id: string): void {
    this.#open.delete(id)
    this.#init.messages.forget(id)
  }
}

function runnables(
  core: SessionCore,
  definitions: ReadonlyMap<string, CompiledDefinition>,
): Readonly<Record<string, Runnable<unknown, unknown>>> {
  // Without a prototype, `session.agents.constructor` is as absent as any other name that was not declared.
  const byName: Record<string, Runnable<unknown, unknown>> = Object.create(null)
  for (const [name, { definition, ...limits }] of definitions)
    byName[name] = core.runnable(definition, limits)
  return Object.freeze(byName)
}
