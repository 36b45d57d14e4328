import type { Entry, ReadOptions } from '@belay/core/ports'
import type { Connection } from '../database/connection.ts'
import { entryCheckOf } from './entry-check.ts'

/** One synchronous page: small enough not to be felt by the event loop, large enough to be cheap. */
const maxPageRows = 1_000
const maxPageChars = 1_000_000
/** The first page is small, because nothing is known of the size of the entries yet. */
const firstPageRows = 128

const defaultLimit = 1_000

interface Page {
  /** The stream's id, which another incarnation of the same name does not share. */
  readonly id: number | undefined
  readonly entries: readonly Entry[]
  readonly chars: number
}

function requireCount(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`${what} is a whole number, 0 or more`)
}

/** Reads a part of a stream page by page; each page is a look of its own, with a turn of the event loop before it. */
export async function readEntries(
  connection: Connection,
  stream: string,
  options: ReadOptions = {},
): Promise<readonly Entry[]> {
  const after = requireCount(options.after ?? 0, 'The position to read after')
  const limit = requireCount(options.limit ?? defaultLimit, 'The limit of a read')
  const entries: Entry[] = []
  let id: number | undefined
  let rows = firstPageRows
  while (entries.length < limit) {
    const asked = Math.min(rows, limit - entries.length)
    const page = await readPage(connection, stream, after + entries.length, asked)
    if (entries.length > 0 && page.id !== id) {
      // The stream was dropped between two pages: what was read of it is of another life.
      entries.length = 0
      id = undefined
      rows = firstPageRows
      continue
    }
    id = page.id
    entries.push(...page.entries)
    if (page.entries.length < asked) break
    const charsPerRow = Math.max(1, page.chars / page.entries.length)
    rows = Math.max(1, Math.min(maxPageRows, Math.floor(maxPageChars / charsPerRow)))
  }
  return entries
}

function readPage(connection: Connection, stream: string, after: number, rows: number): Promise<Page> {
  const check = entryCheckOf(stream)
  return connection.read(({ entries, streams, transaction }) => {
    const { id, found } = transaction.look(() => {
      const known = streams.get(stream)
      return { id: known?.id, found: known === undefined ? [] : entries.after(known, after, rows) }
    })
    let chars = 0
    const checked = found.map(({ entry }, index) => {
      chars += entry.data.length
      return check(entry, after + 1 + index)
    })
    return { id, entries: checked, chars }
  })
}
