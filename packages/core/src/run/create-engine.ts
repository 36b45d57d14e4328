import { createHub } from '../feed/hub.ts'
import type { Logger, Platform, SandboxAdapter, Store, WorkspaceAdapter } from '../ports/index.ts'
import type { Definition } from './definition.ts'
import { defaultTiming, type Engine, type EngineTiming } from './engine.ts'
import { LiveRuns } from './live-runs.ts'
import type { EngineObserver } from './observer.ts'
import { SessionResources } from './session-resources.ts'
import { resumeRun } from './resume.ts'
import type { MemoryUse } from './run-memory.ts'

/** What an engine is made from. */
export interface EngineInit {
  readonly store: Store
  readonly platform: Platform
  readonly logger: Logger
  readonly memory?: MemoryUse | undefined
  readonly sandbox: SandboxAdapter
  readonly workspace: WorkspaceAdapter | undefined
  /** Whether somebody holds a session; its resources stay as long as that. */
  readonly isSessionOpen: (sessionId: string) => boolean
  readonly observer?: EngineObserver | undefined
  readonly resolve: (kind: string, name: string) => Definition | undefined
  readonly timing?: Partial<EngineTiming>
  readonly closing?: AbortSignal
}

/** Puts the parts together that every run of one harness shares. */
export function createEngine(init: EngineInit): Engine {
  const { store, platform, logger, resolve, sandbox, workspace } = init
  const engine: Engine = {
    store,
    journal: store.journal,
    leases: store.leases,
    blobs: store.blobs,
    memory: init.memory,
    places: {
      sandbox,
      workspace,
      sessions: new SessionResources({
        sandbox,
        platform,
        logger,
        inUse: (sessionId) =>
          init.isSessionOpen(sessionId) ||
          engine.live.ofSession(sessionId).some((run) => run.attempt !== undefined),
      }),
    },
    platform,
    hub: createHub(),
    logger,
    observer: init.observer,
    timing: { ...defaultTiming, ...init.timing },
    live: new LiveRuns(store.keepFinishedRuns),
    closing: init.closing ?? new AbortController().signal,
    shared: store.info.capabilities.includes('store.multi-process'),
    resolve,
    resume: (head, definition) => resumeRun(engine, head, definition),
  }
  return engine
}
