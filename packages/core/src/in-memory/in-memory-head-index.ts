import type { Head, HeadQuery } from '../ports/journal.ts'

/** A head whose data is JSON text. */
export interface StoredHead extends Omit<Head, 'data'> {
  readonly text: string
}

/**
 * Heads by stream, with the streams of each kind, group and state. Heads change at every run and are listed
 * rarely, so the sets are unordered and a listing sorts what it found.
 */
export interface HeadIndex {
  readonly byStream: Map<string, StoredHead>
  readonly byKind: Map<string, Set<string>>
  readonly byGroup: Map<string, Set<string>>
  readonly byState: Map<string, Set<string>>
}

/** An index without heads. */
export function createHeadIndex(): HeadIndex {
  return { byStream: new Map(), byKind: new Map(), byGroup: new Map(), byState: new Map() }
}

function link(index: Map<string, Set<string>>, key: string, stream: string): void {
  const names = index.get(key)
  if (names === undefined) index.set(key, new Set([stream]))
  else names.add(stream)
}

function unlink(index: Map<string, Set<string>>, key: string, stream: string): void {
  const names = index.get(key)
  if (names === undefined) return
  names.delete(stream)
  if (names.size === 0) index.delete(key)
}

function relink(
  index: Map<string, Set<string>>,
  stream: string,
  before: string | undefined,
  now: string,
): void {
  if (before === now) return
  if (before !== undefined) unlink(index, before, stream)
  link(index, now, stream)
}

/** Puts a head in the place of the one that its stream had. */
export function putHead(index: HeadIndex, head: StoredHead): void {
  const { stream } = head
  const before = index.byStream.get(stream)
  index.byStream.set(stream, head)
  relink(index.byKind, stream, before?.kind, head.kind)
  relink(index.byGroup, stream, before?.group, head.group)
  relink(index.byState, stream, before?.state, head.state)
}

/** Removes the head of a stream if it has one. */
export function dropHead(index: HeadIndex, stream: string): void {
  const head = index.byStream.get(stream)
  if (head === undefined) return
  index.byStream.delete(stream)
  unlink(index.byKind, head.kind, stream)
  unlink(index.byGroup, head.group, stream)
  unlink(index.byState, head.state, stream)
}

/** Streams that can match, in order: the query's own list, or the smallest of the indexes. */
export function candidateStreams(index: HeadIndex, query: HeadQuery): string[] {
  const { after } = query
  const names = [...new Set(query.streams ?? smallest(index, query))]
  return (after === undefined ? names : names.filter((stream) => stream > after)).sort()
}

function smallest(index: HeadIndex, query: HeadQuery): Iterable<string> {
  const { kind, group, states } = query
  const lists: Set<string>[][] = []
  if (kind !== undefined) lists.push([index.byKind.get(kind) ?? new Set()])
  if (group !== undefined) lists.push([index.byGroup.get(group) ?? new Set()])
  if (states !== undefined)
    lists.push([...new Set(states)].map((state) => index.byState.get(state) ?? new Set()))
  const [best] = lists.sort((left, right) => sizeOf(left) - sizeOf(right))
  return best === undefined ? index.byStream.keys() : best.flatMap((streams) => [...streams])
}

function sizeOf(lists: readonly Set<string>[]): number {
  return lists.reduce((sum, streams) => sum + streams.size, 0)
}
