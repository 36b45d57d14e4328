import { hash } from 'node:crypto'
import type { KeptEntry } from './kept-tree.ts'
import { fault } from './workspace-fault.ts'

/** An entry as a node tells it. */
export type NodeEntry =
  | { readonly kind: 'file'; readonly mode: number; readonly size: number; readonly hash: string }
  | {
      readonly kind: 'folder'
      readonly mode: number
      readonly files: number
      readonly bytes: number
      readonly hash: string
    }
  | { readonly kind: 'link'; readonly target: Buffer }

/** A node as it is stored: entries, or sixteen nodes by the hashes of the names below them. */
export type TreeNode =
  | { readonly kind: 'leaf'; readonly entries: readonly (readonly [name: string, entry: NodeEntry])[] }
  | { readonly kind: 'branch'; readonly children: readonly (string | undefined)[] }

/** A node with its name. */
export interface EncodedNode {
  readonly hash: string
  readonly bytes: Buffer
}

const heading = 'belay-tree/1\n'
/** A change writes its leaf anew: 128 entries are about 12 kB. */
const leafSize = 128
const branching = 16
/** Eight digits are all that the hash of a name has. */
const deepest = 8

/** Nodes of a folder, each child before its parent; the last is the folder's own. Equal folders have equal nodes. */
export function* encodeFolder(entries: ReadonlyMap<string, KeptEntry>): Generator<EncodedNode, string> {
  const names = [...entries.keys()].sort()
  return yield* encodeNames(names, entries, 0)
}

function* encodeNames(
  names: readonly string[],
  entries: ReadonlyMap<string, KeptEntry>,
  level: number,
): Generator<EncodedNode, string> {
  if (names.length <= leafSize || level === deepest) {
    return yield* encoded(['leaf', names.map((name) => rowOf(name, entries.get(name) as KeptEntry))])
  }
  const groups: string[][] = Array.from({ length: branching }, () => [])
  for (const name of names) groups[(nameHash(name) >>> (level * 4)) & 15]?.push(name)
  const children: (string | null)[] = []
  for (const group of groups) {
    children.push(group.length === 0 ? null : yield* encodeNames(group, entries, level + 1))
  }
  return yield* encoded(['branch', children])
}

function* encoded(value: unknown): Generator<EncodedNode, string> {
  const bytes = Buffer.from(heading + JSON.stringify(value))
  const node = { hash: hash('sha256', bytes, 'hex'), bytes }
  yield node
  return node.hash
}

function rowOf(name: string, entry: KeptEntry): readonly unknown[] {
  if (entry.kind === 'file') return [name, 'f', entry.mode, entry.size, entry.hash]
  if (entry.kind === 'link') return [name, 'l', entry.target.toString('base64')]
  return [name, 'd', entry.mode, entry.files, entry.bytes, entry.hash]
}

/** FNV-1a over UTF-16 units. Names that were made to collide only make one leaf larger. */
function nameHash(name: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < name.length; index++) {
    value = Math.imul(value ^ name.charCodeAt(index), 0x01000193)
  }
  // The low bits of this function mix poorly.
  return value ^ (value >>> 15)
}

/** Reads a node whose bytes were found to match their hash. Throws `workspace/corrupt` for one of another form. */
export function decodeNode(bytes: Buffer): TreeNode {
  const text = bytes.toString('utf8')
  if (!text.startsWith(heading)) throw malformed()
  const [kind, rows] = JSON.parse(text.slice(heading.length)) as [unknown, unknown]
  if (!Array.isArray(rows)) throw malformed()
  if (kind === 'leaf') return { kind, entries: rows.map((row: unknown) => entryOf(row)) }
  if (kind !== 'branch' || rows.length !== branching) throw malformed()
  return { kind, children: rows.map((child: unknown) => (child === null ? undefined : hashText(child))) }
}

function entryOf(row: unknown): readonly [string, NodeEntry] {
  if (!Array.isArray(row)) throw malformed()
  const [name, kind, first, second, third, fourth] = row as unknown[]
  const checked = nameText(name)
  if (kind === 'f') {
    return [checked, { kind: 'file', mode: count(first), size: count(second), hash: hashText(third) }]
  }
  if (kind === 'l' && typeof first === 'string') {
    return [checked, { kind: 'link', target: Buffer.from(first, 'base64') }]
  }
  if (kind !== 'd') throw malformed()
  const facts = { mode: count(first), files: count(second), bytes: count(third) }
  return [checked, { kind: 'folder', ...facts, hash: hashText(fourth) }]
}

/** A name is a part of a path that this process writes to. */
function nameText(name: unknown): string {
  if (typeof name !== 'string' || name === '' || name === '.' || name === '..') throw malformed()
  if (name.includes('/') || name.includes('\0')) throw malformed()
  return name
}

function hashText(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw malformed()
  return value
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed()
  return value as number
}

const malformed = (): Error =>
  fault('corrupt', 'A node of a snapshot is not of the form that this version writes')
