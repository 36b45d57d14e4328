import type { Head, HeadQuery } from '../ports/journal.ts'
import { insertName, mergeNames, removeName } from './sorted-names.ts'
import type { SortedNames } from './sorted-names.ts'

/** A head whose data is JSON text. */
export interface StoredHead extends Omit<Head, 'data'> {
  readonly text: string
}

/** Heads by stream, with a sorted index per kind, group and state. */
export interface HeadIndex {
  readonly byStream: Map<string, StoredHead>
  readonly all: SortedNames
  readonly byKind: Map<string, SortedNames>
  readonly byGroup: Map<string, SortedNames>
  readonly byState: Map<string, SortedNames>
}

/** An index without heads. */
export function createHeadIndex(): HeadIndex {
  return { byStream: new Map(), all: [], byKind: new Map(), byGroup: new Map(), byState: new Map() }
}

function link(index: Map<string, SortedNames>, key: string, stream: string): void {
  const names = index.get(key)
  if (names === undefined) index.set(key, [stream])
  else insertName(names, stream)
}

function unlink(index: Map<string, SortedNames>, key: string, stream: string): void {
  const names = index.get(key)
  if (names === undefined) return
  removeName(names, stream)
  if (names.length === 0) index.delete(key)
}

function relink(index: Map<string, SortedNames>, stream: string, before: string | undefined, now: string): void {
  if (before === now) return
  if (before !== undefined) unlink(index, before, stream)
  link(index, now, stream)
}

/** Puts a head in the place of the one that its stream had. */
export function putHead(index: HeadIndex, head: StoredHead): void {
  const { stream } = head
  const before = index.byStream.get(stream)
  index.byStream.set(stream, head)
  if (before === undefined) insertName(index.all, stream)
  relink(index.byKind, stream, before?.kind, head.kind)
  relink(index.byGroup, stream, before?.group, head.group)
  relink(index.byState, stream, before?.state, head.state)
}

/** Removes the head of a stream if it has one. */
export function dropHead(index: HeadIndex, stream: string): void {
  const head = index.byStream.get(stream)
  if (head === undefined) return
  index.byStream.delete(stream)
  removeName(index.all, stream)
  unlink(index.byKind, head.kind, stream)
  unlink(index.byGroup, head.group, stream)
  unlink(index.byState, head.state, stream)
}

function sizeOf(lists: readonly (readonly string[])[]): number {
  return lists.reduce((sum, names) => sum + names.length, 0)
}

/** The fewest streams that can match, in order: the query's own list, or the smallest of the indexes. */
export function candidateStreams(index: HeadIndex, query: HeadQuery): Iterable<string> {
  if (query.streams !== undefined) {
    const { after } = query
    const named = [...new Set(query.streams)].sort()
    return after === undefined ? named : named.filter((stream) => stream > after)
  }
  let best: readonly (readonly string[])[] = [index.all]
  const consider = (lists: readonly (readonly string[])[]): void => {
    if (sizeOf(lists) < sizeOf(best)) best = lists
  }
  if (query.kind !== undefined) consider([index.byKind.get(query.kind) ?? []])
  if (query.group !== undefined) consider([index.byGroup.get(query.group) ?? []])
  if (query.states !== undefined) consider([...new Set(query.states)].map((state) => index.byState.get(state) ?? []))
  return mergeNames(best, query.after)
}
