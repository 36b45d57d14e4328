import type { Batch, Json, Store } from '@belay/core/ports'

let count = 0

/** A batch with an id of its own that appends one entry per datum to one stream. */
export function batchOf(stream: string, data: readonly Json[], rest: Partial<Batch> = {}): Batch {
  count += 1
  const entries = data.map((datum) => ({ type: 'step.finished', at: 1_700_000_000_000, data: datum }))
  return { id: `${process.pid}-${String(count).padStart(10, '0')}`, entries: [{ stream, entries }], ...rest }
}

/** The data of all entries of a stream; asserts nothing. */
export async function dataOf(store: Store, stream: string): Promise<readonly Json[]> {
  return (await store.journal.read(stream, { limit: 1_000_000 })).map((entry) => entry.data)
}
