import type { toolCheckpoints, workflowCheckpoints } from '../../src/checkpoints/run-checkpoints.ts'
import type { foldRun } from '../../src/history/fold.ts'
import type { inMemoryStore } from '../../src/in-memory/in-memory-store.ts'
import type { workflowMemory } from '../../src/memory/run-memory-access.ts'
import type { answerApproval } from '../../src/run/approve.ts'
import type { sendCommand } from '../../src/run/commands.ts'
import type { createEngine } from '../../src/run/create-engine.ts'
import type { startRun } from '../../src/run/start.ts'

/** The parts of core under test; the sweep of weakened rules loads them from a changed build. */
export interface Core {
  readonly createEngine: typeof createEngine
  readonly startRun: typeof startRun
  readonly sendCommand: typeof sendCommand
  readonly answerApproval: typeof answerApproval
  readonly foldRun: typeof foldRun
  readonly inMemoryStore: typeof inMemoryStore
  readonly workflowMemory: typeof workflowMemory
  readonly workflowCheckpoints: typeof workflowCheckpoints
  readonly toolCheckpoints: typeof toolCheckpoints
}

/** Where those parts are. */
const partFiles = [
  'run/create-engine',
  'run/start',
  'run/commands',
  'run/approve',
  'history/fold',
  'in-memory/in-memory-store',
  'memory/run-memory-access',
  'checkpoints/run-checkpoints',
]

/** Loads core from a folder that has the layout of `src`, with files of that extension. */
export async function loadCore(folder: URL, extension: 'ts' | 'js'): Promise<Core> {
  const parts = await Promise.all(
    partFiles.map((file) => import(new URL(`${file}.${extension}`, folder).href) as Promise<Partial<Core>>),
  )
  return Object.assign({}, ...parts) as Core
}
