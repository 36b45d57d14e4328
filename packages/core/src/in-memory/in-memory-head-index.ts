import type { Head, HeadQuery } from '../ports/journal.ts'

/** A head whose data is JSON text. */
export interface StoredHead extends Omit<Head, 'data' | 'leaseKey' | 'dueAt'> {
  readonly leaseKey: string | undefined
  readonly dueAt: number | undefined
  readonly text: string
}

/**
 * Heads by stream, with the streams of each kind by state. Heads change at every run and are listed rarely, so there
 * is one index, its sets are unordered, and a listing filters and sorts what it found.
 */
export interface HeadIndex {
  readonly byStream: Map<string, StoredHead>
  /** By kind, then by state. */
  readonly byState: Map<string, Map<string, Set<string>>>
}

/** An index without heads. */
export function createHeadIndex(): HeadIndex {
  return { byStream: new Map(), byState: new Map() }
}

function link({ byState }: HeadIndex, { kind, state, stream }: StoredHead): void {
  let states = byState.get(kind)
  if (states === undefined) byState.set(kind, (states = new Map()))
  const streams = states.get(state)
  if (streams === undefined) states.set(state, new Set([stream]))
  else streams.add(stream)
}

function unlink({ byState }: HeadIndex, { kind, state, stream }: StoredHead): void {
  const streams = byState.get(kind)?.get(state)
  if (streams === undefined) return
  // An empty set stays: kinds and states are few, and the next run is in the same ones.
  streams.delete(stream)
}

/** Puts a head in the place of the one that its stream had. */
export function putHead(index: HeadIndex, head: StoredHead): void {
  const before = index.byStream.get(head.stream)
  index.byStream.set(head.stream, head)
  if (before?.kind === head.kind && before.state === head.state) return
  if (before !== undefined) unlink(index, before)
  link(index, head)
}

/** Removes the head of a stream if it has one. */
export function dropHead(index: HeadIndex, stream: string): void {
  const head = index.byStream.get(stream)
  if (head === undefined) return
  index.byStream.delete(stream)
  unlink(index, head)
}

/** Streams that can match, in order: the query's own list, or what the index has for its kind and states. */
export function candidateStreams(index: HeadIndex, query: HeadQuery): string[] {
  const { after, streams } = query
  const names = streams === undefined ? listed(index, query) : distinct(streams)
  if (names.length < 2 && after === undefined) return names
  return (after === undefined ? names : names.filter((stream) => stream > after)).sort()
}

function distinct(streams: readonly string[]): string[] {
  if (streams.length < 2 || (streams.length === 2 && streams[0] !== streams[1])) return [...streams]
  return [...new Set(streams)]
}

function listed(index: HeadIndex, { kind, states }: HeadQuery): string[] {
  const kinds = kind === undefined ? [...index.byState.values()] : [index.byState.get(kind) ?? new Map()]
  return kinds.flatMap((byState: Map<string, Set<string>>) =>
    [...(states === undefined ? byState.keys() : new Set(states))].flatMap((state) => [
      ...(byState.get(state) ?? []),
    ]),
  )
}
