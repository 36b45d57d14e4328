import { createHub } from '../feed/hub.ts'
import type { Logger, Platform, Store } from '../ports/index.ts'
import type { Definition } from './definition.ts'
import { defaultTiming, type Engine, type EngineTiming } from './engine.ts'
import { LiveRuns } from './live-runs.ts'
import type { EngineObserver } from './observer.ts'
import { resumeRun } from './resume.ts'
import type { MemoryUse } from './run-memory.ts'

/** What an engine is made from. */
export interface EngineInit {
  readonly store: Store
  readonly platform: Platform
  readonly logger: Logger
  readonly memory?: MemoryUse | undefined
  readonly observer?: EngineObserver | undefined
  readonly resolve: (kind: string, name: string) => Definition | undefined
  readonly timing?: Partial<EngineTiming>
  readonly closing?: AbortSignal
}

/** Puts the parts together that every run of one harness shares. */
export function createEngine(init: EngineInit): Engine {
  const { store, platform, logger, resolve } = init
  const engine: Engine = {
    store,
    journal: store.journal,
    leases: store.leases,
    blobs: store.blobs,
    memory: init.memory,
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
