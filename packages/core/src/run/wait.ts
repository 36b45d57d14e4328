import type { AskRecord } from '../history/event.ts'
import type { Attempt } from './attempt.ts'
import type { WaitSpec } from './definition.ts'
import type { Scope } from './scope.ts'

/**
 * Asks for a signal, a time, or whichever comes first. The wait is recorded when it opens, with its due time,
 * so that it is due at the same moment whatever happens to the process.
 */
export function askWait(attempt: Attempt, scope: Scope, spec: WaitSpec): Promise<unknown> {
  const key = attempt.reserve(scope, spec.name, spec.key)
  if (key instanceof Promise) return key
  return attempt.releases.ask({
    key,
    type: 'wait.resolved',
    scope,
    start: (ask) => void open(attempt, scope, spec, ask),
    settled: () => attempt.waits.remove(key.key),
  })
}

async function open(attempt: Attempt, scope: Scope, spec: WaitSpec, ask: AskRecord): Promise<void> {
  const { key } = ask
  let opened = attempt.history.partial.get(key)?.opened
  if (opened === undefined) {
    const { timeoutMs } = spec
    const hasLimit = timeoutMs !== undefined && (timeoutMs > 0 || spec.timer === true)
    const dueAt = !hasLimit ? undefined : attempt.platform.now() + timeoutMs
    const due = dueAt === undefined ? {} : { dueAt }
    attempt.begin()
    const position = await attempt.append({
      type: 'wait.opened',
      data: { ...ask, name: spec.name, timer: spec.timer ?? false, ...due },
    })
    attempt.end()
    opened = { position, ...due }
  }
  if (scope.isCut || attempt.over) return
  attempt.waits.add({
    key,
    scope,
    ask,
    name: spec.name,
    position: opened.position,
    timer: spec.timer ?? false,
    ...(opened.dueAt !== undefined && { dueAt: opened.dueAt }),
    ...(spec.timeoutMs !== undefined && { timeoutMs: spec.timeoutMs }),
    ...(spec.schema !== undefined && { schema: spec.schema }),
  })
}
