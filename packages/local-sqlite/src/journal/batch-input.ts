import type { Batch, EntryInput, Fence, Head } from '@belay/core/ports'
import { contentSum, joinSums } from '../checksum.ts'
import { jsonTextOf, requireStreamName, requireText } from '../text-check.ts'

/** An entry as it is stored, but for its position. */
export interface PreparedEntry {
  readonly type: string
  readonly at: number
  readonly data: string
  /** Sum of stream, type and data. */
  readonly content: number
}

/** What a batch appends to one stream, in its order. */
export interface PreparedPart {
  readonly stream: string
  readonly entries: PreparedEntry[]
}

/** A head as it is stored. */
export interface PreparedHead {
  readonly head: Head
  readonly data: string
}

/** A batch that shares no memory with its caller, checked as far as it can be without the file. */
export interface PreparedBatch {
  readonly id: string
  readonly fence: Fence | undefined
  readonly expect: readonly { readonly stream: string; readonly position: number }[]
  /** One per stream, in the order of their first mention. */
  readonly parts: readonly PreparedPart[]
  /** Sum of the content, which a retry must repeat. */
  readonly content: number
  readonly heads: readonly PreparedHead[]
  readonly drop: readonly string[]
}

const maxBatchId = 128
const maxHeadBytes = 8_192
/** No UTF-16 code unit takes more UTF-8 bytes than this, so short texts need not be measured. */
const maxBytesPerUnit = 3

function requireTime(value: number, what: string): number {
  if (!Number.isFinite(value)) throw new TypeError(`${what} is a number of milliseconds`)
  return value
}

function prepareEntry(stream: string, { type, at, data }: EntryInput): PreparedEntry {
  requireText(type, 'The type of an entry', Infinity)
  const text = jsonTextOf(data, 'The data of an entry')
  return {
    type,
    at: requireTime(at, 'The time of an entry'),
    data: text,
    content: contentSum(stream, type, text),
  }
}

function prepareParts(entries: NonNullable<Batch['entries']>): PreparedPart[] {
  const parts: PreparedPart[] = []
  for (const { stream, entries: inputs } of entries) {
    requireStreamName(stream)
    if (inputs.length === 0) continue
    const prepared = inputs.map((input) => prepareEntry(stream, input))
    const part = parts.find((each) => each.stream === stream)
    if (part === undefined) parts.push({ stream, entries: prepared })
    else part.entries.push(...prepared)
  }
  return parts
}

function contentOf(parts: readonly PreparedPart[]): number {
  const [only] = parts
  if (parts.length === 1 && only?.entries.length === 1) return only.entries[0]?.content ?? 0
  return joinSums(parts.flatMap((part) => part.entries.map((entry) => entry.content)))
}

function prepareHead(head: Head): PreparedHead {
  requireStreamName(head.stream)
  for (const [what, text] of Object.entries({ kind: head.kind, group: head.group, state: head.state })) {
    requireText(text, `The ${what} of a head`, Infinity)
  }
  if (head.leaseKey !== undefined) requireText(head.leaseKey, 'The lease key of a head', Infinity)
  if (head.dueAt !== undefined) requireTime(head.dueAt, 'The due time of a head')
  requireTime(head.updatedAt, 'The time of a head')
  const data = jsonTextOf(head.data, 'The data of a head')
  const isOverSize = data.length * maxBytesPerUnit > maxHeadBytes && Buffer.byteLength(data) > maxHeadBytes
  if (isOverSize) throw new TypeError(`The data of a head has at most ${maxHeadBytes} bytes as JSON`)
  return { head: { ...head }, data }
}

/** Throws `TypeError` for everything that is wrong with a batch by itself. */
export function prepareBatch(batch: Batch): PreparedBatch {
  const { id, fence, expect = [], entries, heads, drop = [] } = batch
  if (id === '') throw new TypeError('A batch id must not be empty')
  requireText(id, 'A batch id', maxBatchId)
  for (const { stream } of expect) requireStreamName(stream)
  for (const stream of drop) requireStreamName(stream)
  const parts = entries === undefined ? [] : prepareParts(entries)
  return {
    id,
    fence: fence && { ...fence },
    expect: expect.map((each) => ({ ...each })),
    parts,
    content: contentOf(parts),
    heads: heads === undefined ? [] : heads.map(prepareHead),
    drop: [...drop],
  }
}
