import { HarnessError } from '../errors/harness-error.ts'
import type { Memory, MemoryScopeKind } from '../ports/index.ts'
import { takesScope, type MemoryUse } from '../run/run-memory.ts'

/** The memory, when there is one that takes the scope. */
export function requireMemory(use: MemoryUse | undefined, kind: MemoryScopeKind): Memory {
  if (use === undefined)
    return unsupported(
      'memory',
      'This harness has no memory: its store has none. Give one with defineHarness({ memory }).',
    )
  if (!takesScope(use, kind)) unsupported('scope', `The memory of this harness has no scope "${kind}".`)
  return use.memory
}

/** Refuses a time to live that would be ignored. */
export function requireTtl(use: MemoryUse | undefined): void {
  if (use?.capabilities.includes('memory.ttl') === true) return
  unsupported('ttl', 'The memory of this harness keeps records until they are deleted; leave `ttlMs` out.')
}

/** The search, when the memory declares one. */
export function requireSearch(use: MemoryUse | undefined, memory: Memory): NonNullable<Memory['search']> {
  if (use?.capabilities.includes('memory.search') === true && memory.search !== undefined)
    return memory.search.bind(memory)
  return unsupported('search', 'The memory of this harness cannot be searched; use `list` with a prefix.')
}

function unsupported(reason: 'memory' | 'scope' | 'ttl' | 'search', message: string): never {
  throw new HarnessError({ code: 'memory/unsupported', message, meta: { reason } })
}
