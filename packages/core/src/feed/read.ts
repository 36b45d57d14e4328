import type { Entry, Journal } from '../ports/index.ts'

const pageSize = 1_000

/** All entries of a stream after a position, page by page. */
export async function readAll(
  journal: Journal,
  stream: string,
  after = 0,
  upTo = Infinity,
): Promise<Entry[]> {
  const all: Entry[] = []
  for (let position = after; position < upTo;) {
    const page = await journal.read(stream, { after: position, limit: Math.min(pageSize, upTo - position) })
    for (const entry of page) all.push(entry)
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) break
    position = last.position
  }
  return all
}
