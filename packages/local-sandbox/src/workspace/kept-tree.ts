import type { Stats } from 'node:fs'

/** What tells that an entry is the one that was read, unchanged. */
export interface EntryFacts {
  readonly dev: number
  readonly ino: number
  readonly mode: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** A file of a tree. */
export interface KeptFile {
  readonly kind: 'file'
  mode: number
  size: number
  /** SHA-256 of its content; `undefined` until it is read. */
  hash: string | undefined
  facts: EntryFacts
  /** Just before it was read, by the clock of the host. */
  readAt: number
  /** The hash that it had in the snapshot before. */
  readonly hashBefore: string | undefined
}

/** A link of a tree, with what it names as it is. */
export interface KeptLink {
  readonly kind: 'link'
  readonly target: Buffer
}

/** A folder of a tree, with everything below it. */
export interface KeptFolder {
  readonly kind: 'folder'
  readonly mode: number
  readonly entries: Map<string, KeptEntry>
  /** Of its node; `undefined` until it is stored. */
  hash: string | undefined
  /** Hashes of all nodes that it is made of. */
  nodes: ReadonlySet<string>
  /** Files below it and their bytes. */
  files: number
  bytes: number
  /** Files below it that have to be read. */
  unread: number
  /** It, as it was in the snapshot before. */
  before: KeptFolder | undefined
}

export type KeptEntry = KeptFile | KeptFolder | KeptLink

/** A fresh folder. */
export function keptFolder(mode: number, before?: KeptFolder): KeptFolder {
  return {
    kind: 'folder',
    mode,
    entries: new Map(),
    hash: undefined,
    nodes: new Set(),
    files: 0,
    bytes: 0,
    unread: 0,
    before,
  }
}

/** Read, write and execute, for three; nothing that gives rights to whoever runs a file. */
export const modeBits = 0o777

/** The facts of a file system call, and no more of it: a tree keeps them for each file. */
export function factsOf({ dev, ino, mode, size, mtimeMs, ctimeMs }: Stats): EntryFacts {
  return { dev, ino, mode, size, mtimeMs, ctimeMs }
}

export function hasFacts(facts: EntryFacts, stat: Stats): boolean {
  return (
    facts.ino === stat.ino &&
    facts.ctimeMs === stat.ctimeMs &&
    facts.mtimeMs === stat.mtimeMs &&
    facts.size === stat.size &&
    facts.mode === stat.mode &&
    facts.dev === stat.dev
  )
}

/** Times of files are those of the last tick of the kernel, at most 10 ms old; five ticks. */
const tickMs = 50
/** What the coarsest file systems keep. Where times have no fraction of a second, they may be such. */
const coarseMs = 2_000

/**
 * Whether a later change must show in the facts of a file: a change within the tick in which it was read leaves them as
 * they were.
 */
export function isSettled({ facts, readAt }: KeptFile): boolean {
  const granularity = facts.ctimeMs % 1_000 === 0 ? coarseMs : tickMs
  return facts.ctimeMs + granularity < readAt
}
