import type { Head, HeadQuery } from '../ports/journal.ts'
import { candidateStreams } from './in-memory-head-index.ts'
import type { StoredHead } from './in-memory-head-index.ts'
import { liveLease } from './in-memory-state.ts'
import type { InMemoryState } from './in-memory-state.ts'

const defaultLimit = 1_000

function matches(state: InMemoryState, head: StoredHead, query: HeadQuery): boolean {
  if (query.kind !== undefined && head.kind !== query.kind) return false
  if (query.group !== undefined && head.group !== query.group) return false
  if (query.states !== undefined && !query.states.includes(head.state)) return false
  if (query.dueBefore !== undefined && !(head.dueAt !== undefined && head.dueAt <= query.dueBefore))
    return false
  if (query.updatedBefore !== undefined && head.updatedAt >= query.updatedBefore) return false
  if (query.unowned !== true || head.leaseKey === undefined) return true
  return liveLease(state, head.leaseKey) === undefined
}

function toHead({ stream, kind, group, state, leaseKey, dueAt, updatedAt, text }: StoredHead): Head {
  return {
    stream,
    kind,
    group,
    state,
    updatedAt,
    data: JSON.parse(text),
    ...(leaseKey !== undefined && { leaseKey }),
    ...(dueAt !== undefined && { dueAt }),
  }
}

/** Heads that match, in order of their stream's name. */
export function queryHeads(state: InMemoryState, query: HeadQuery): readonly Head[] {
  const limit = query.limit ?? defaultLimit
  const found: Head[] = []
  if (limit <= 0) return found
  for (const stream of candidateStreams(state.heads, query)) {
    const head = state.heads.byStream.get(stream)
    if (head === undefined || !matches(state, head, query)) continue
    found.push(toHead(head))
    if (found.length >= limit) break
  }
  return found
}
