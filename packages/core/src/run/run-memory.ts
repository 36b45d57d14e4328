import type { Logger, Memory, MemoryScope } from '../ports/index.ts'

/** The memory of a harness, with what it declares. */
export interface MemoryUse {
  readonly memory: Memory
  readonly capabilities: readonly string[]
  /** It lies in the store of the harness, so that its faults are faults of the store. */
  readonly ofStore: boolean
}

/** Whether a memory takes scopes of a kind: none declared means all. */
export function takesScope({ capabilities }: MemoryUse, kind: MemoryScope['kind']): boolean {
  const declared = capabilities.filter((capability) => capability.startsWith('memory.scope.'))
  return declared.length === 0 || declared.includes(`memory.scope.${kind}`)
}

/** Records that are removed together. */
const pageSize = 100

/** Removes the run-scoped memory of a run that is removed itself. */
export async function removeRunMemory(use: MemoryUse | undefined, runId: string): Promise<void> {
  if (use === undefined || !takesScope(use, 'run')) return
  const scope = { kind: 'run', id: runId } as const
  for (;;) {
    const { records } = await use.memory.list(scope, { limit: pageSize })
    for (const { key } of records) await use.memory.delete(scope, key)
    if (records.length < pageSize) return
  }
}

/** The same beside other work, which neither waits for it nor fails with it. */
export function removeRunMemoryLater(use: MemoryUse | undefined, runId: string, logger: Logger): void {
  removeRunMemory(use, runId).catch((error: unknown) =>
    logger.warn('run memory not removed', { runId, error: error instanceof Error ? error.name : 'unknown' }),
  )
}
