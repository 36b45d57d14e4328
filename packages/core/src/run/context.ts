import type { Attempt } from './attempt.ts'
import { askChild } from './child.ts'
import type { EngineContext } from './definition.ts'
import { askFanOut } from './fan-out.ts'
import { replayLogger } from './replay-logger.ts'
import type { Scope } from './scope.ts'
import { askStep } from './step.ts'
import { askWait } from './wait.ts'

/** What a program in a scope can ask of the engine. */
export function createContext(attempt: Attempt, scope: Scope): EngineContext {
  const { identity } = attempt
  return {
    run: identity,
    scope: scope.key,
    depth: scope.depth,
    metadata: scope.metadata,
    options: scope.options,
    get signal() {
      return scope.cancellation.signal
    },
    log: replayLogger(attempt),
    step: (spec) => askStep(attempt, scope, spec),
    wait: (spec) => askWait(attempt, scope, spec),
    child: (spec) => askChild(attempt, scope, spec),
    fanOut: (spec) => askFanOut(attempt, scope, spec),
    emit: (event) => {
      if (attempt.over || !attempt.releases.open) return
      attempt.deltas.emit({ ...event, runId: identity.runId, at: attempt.platform.now() })
    },
    io: (work) => attempt.io(work),
    children: () => ({ ...attempt.childCount }),
  }
}
