import type { Tail } from './tail.ts'
import type { TailBatch } from './tail-memory.ts'

/**
 * When entries go from the tail to the table of entries. Each stream costs at least one page there, so the
 * tail is let grow with the number of its streams; what it holds at most is what a process reads that
 * opens the file.
 */
const entriesPerStream = 16
const leastEntries = 128
const mostEntries = 1_024
const mostChars = 524_288

/**
 * A commit carries this much of a move: about a millisecond. It also carries more than what it adds
 * itself, so that no move lags behind; each entry counts twice, once for the index and once for its text.
 */
const sliceSteps = 256
const sliceChars = 262_144
const stepsPerAdded = 3
const charsPerAdded = 2

/** A move under way: what the rows up to one key hold. */
interface Move {
  readonly upTo: number
  /** Streams and the positions up to which they are moved. */
  readonly streams: (readonly [stream: number, position: number])[]
}

/** Moves entries out of the tail, a slice with each commit. */
export interface TailMover {
  /** In the transaction of a commit that added entries, before its row is written. */
  advance(): void
  /** The tail is no longer the one that the move was begun for. */
  forget(): void
}

/** Where what is taken out of the tail goes. */
export interface MoveTargets {
  /** Puts the entries of a stream up to a position into the table of entries. */
  move(stream: number, upTo: number): MovedSize
  /** Puts ids into the index. */
  index(batches: readonly TailBatch[]): void
}

/** What went into the table of entries. */
export interface MovedSize {
  readonly entries: number
  readonly chars: number
}

/** Makes the mover. */
export function tailMover(tail: Tail, targets: MoveTargets): TailMover {
  let move: Move | undefined

  const begin = (): Move | undefined => {
    const limit = Math.min(mostEntries, Math.max(leastEntries, tail.streams.size * entriesPerStream))
    if (tail.entries < limit && tail.chars < mostChars) return undefined
    const streams = [...tail.streams].map(
      ([stream, { first, entries }]) => [stream, first + entries.length - 1] as const,
    )
    return { upTo: tail.newest, streams: streams.reverse() }
  }

  /** One stream, or as much of it as fits. */
  const moveNext = (streams: Move['streams'], most: number): MovedSize => {
    const next = streams.pop()
    if (next === undefined) return { entries: 0, chars: 0 }
    const [stream, position] = next
    const first = tail.streams.get(stream)?.first ?? position
    const upTo = Math.min(position, first + most - 1)
    if (upTo < position) streams.push(next)
    return targets.move(stream, upTo)
  }

  const slice = ({ upTo, streams }: Move): void => {
    let steps = sliceSteps + stepsPerAdded * tail.added.entries
    let chars = sliceChars + charsPerAdded * tail.added.chars
    // The ids go first, in the order of their commits: where that is their own order, the index only grows
    // at its end, and its pages are filled.
    const ids = tail.takeUnindexed(upTo, steps)
    targets.index(ids)
    steps -= ids.length
    while (steps > 0 && chars > 0 && streams.length > 0) {
      const moved = moveNext(streams, steps)
      steps -= moved.entries
      chars -= moved.chars
    }
  }

  return {
    advance: () => {
      move ??= begin()
      if (move === undefined) return
      slice(move)
      if (move.streams.length > 0) return
      tail.removeUpTo(move.upTo)
      move = undefined
    },
    forget: () => {
      move = undefined
    },
  }
}
