import assert from 'node:assert/strict'
import type { AppendResult, Batch, Entry, EntryInput, Head, Journal, Json, Store } from '@belay/core/ports'

let batchCount = 0

/** A batch id that no other case uses. */
export function newBatchId(): string {
  batchCount += 1
  return `batch-${String(batchCount).padStart(8, '0')}`
}

/** An entry with these data. */
export function entryOf(data: Json, type = 'thing.noted'): EntryInput {
  return { type, at: 1_700_000_000_000, data }
}

/** A batch that appends one entry per datum to one stream. */
export function batchOf(stream: string, data: readonly Json[], rest: Partial<Batch> = {}): Batch {
  return { id: newBatchId(), entries: [{ stream, entries: data.map((datum) => entryOf(datum)) }], ...rest }
}

/** Appends, and gives the result to be compared: the object that holds its positions may be without a prototype. */
export async function append({ journal }: Store, batch: Batch): Promise<AppendResult> {
  const { positions } = await journal.append(batch)
  return { positions: { ...positions } }
}

/** Appends one entry per datum. */
export async function write(store: Store, stream: string, ...data: Json[]): Promise<void> {
  await store.journal.append(batchOf(stream, data))
}

/** A head with defaults for what a case does not care about. */
export function headOf(stream: string, rest: Partial<Head> = {}): Head {
  return { stream, kind: 'thing', group: 'all', state: 'open', updatedAt: 1_000, data: null, ...rest }
}

/** Writes heads in one batch. */
export async function writeHeads(store: Store, ...heads: Head[]): Promise<void> {
  await store.journal.append({ id: newBatchId(), heads })
}

/** The data of a stream's entries; asserts that their positions are dense from 1. */
export async function dataOf(journal: Journal, stream: string): Promise<readonly Json[]> {
  const entries = await readAll(journal, stream)
  assert.deepEqual(
    entries.map((entry) => entry.position),
    entries.map((_, index) => index + 1),
    `positions of ${stream} are dense from 1`,
  )
  return entries.map((entry) => entry.data)
}

/** Every entry of a stream, page by page. */
export async function readAll(journal: Journal, stream: string): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (;;) {
    const page = await journal.read(stream, { after: entries.length })
    const [first] = page
    if (first === undefined) return entries
    // Without this a journal that repeats entries would be read for ever.
    assert.ok(
      first.position > entries.length,
      `${stream}: position ${first.position} after ${entries.length}`,
    )
    entries.push(...page)
  }
}

/** The streams of the heads that match. */
export async function streamsOf(
  journal: Journal,
  query: Parameters<Journal['heads']>[0],
): Promise<readonly string[]> {
  return (await journal.heads(query)).map((head) => head.stream)
}

/** The token of a lease that nobody holds yet. */
export async function acquireToken(
  store: Store,
  key: string,
  ttlMs: number,
  owner = 'owner-1',
): Promise<number> {
  const result = await store.leases.acquire(key, owner, ttlMs)
  assert.ok(result.acquired, `${owner} acquires ${key}`)
  return result.lease.token
}
