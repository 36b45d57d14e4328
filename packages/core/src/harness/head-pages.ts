import type { Head, HeadQuery } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'

/** Heads that match, page by page: a store may hold more of them than should be in memory at once. */
export async function* headPages(engine: Engine, query: HeadQuery): AsyncGenerator<readonly Head[]> {
  const { limit = 1_000 } = query
  for (let after: string | undefined; ;) {
    const page: readonly Head[] = await engine.journal.heads({
      ...query,
      limit,
      ...(after !== undefined && { after }),
    })
    if (page.length > 0) yield page
    if (page.length < limit) return
    after = page.at(-1)?.stream
  }
}
