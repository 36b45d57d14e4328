import { toolCheckpoints, workflowCheckpoints } from '../../src/checkpoints/run-checkpoints.ts'
import { foldRun } from '../../src/history/fold.ts'
import { inMemoryStore } from '../../src/in-memory/in-memory-store.ts'
import { workflowMemory } from '../../src/memory/run-memory-access.ts'
import { answerApproval } from '../../src/run/approve.ts'
import { sendCommand } from '../../src/run/commands.ts'
import { createEngine } from '../../src/run/create-engine.ts'
import { startRun } from '../../src/run/start.ts'
import type { Core } from './core.ts'

/** Core as its sources say. */
export const sourceCore: Core = {
  createEngine,
  startRun,
  sendCommand,
  answerApproval,
  foldRun,
  inMemoryStore,
  workflowMemory,
  workflowCheckpoints,
  toolCheckpoints,
}
