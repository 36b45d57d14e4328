import { DatabaseSync } from 'node:sqlite'
import { sqliteStore } from '@belay/local-sqlite'
import type { Entry, Head } from '@belay/core/ports'

/** Everything that a store file says of one run. */
export interface RunView {
  readonly entries: readonly Entry[]
  readonly inbox: readonly Entry[]
  readonly session: readonly Entry[]
  readonly heads: readonly Head[]
}

/** Reads a run past every cache: through a store object of its own. Throws when an entry fails its checksum. */
export async function viewRun(file: string, run: { runId: string; sessionId: string }): Promise<RunView> {
  const store = sqliteStore({ file })
  try {
    const streams = [`run/${run.runId}`, `inbox/${run.runId}`, `session/${run.sessionId}`] as const
    const [entries = [], inbox = [], session = []] = await Promise.all(
      streams.map((stream) => store.journal.read(stream, { limit: 100_000 })),
    )
    return { entries, inbox, session, heads: await store.journal.heads({ streams: [...streams] }) }
  } finally {
    await store.close()
  }
}

/** Keys under which a result is recorded. */
export function finishedKeys(entries: readonly Entry[]): ReadonlySet<string> {
  const keys = entries.flatMap((entry) => {
    const { key } = entry.data as { readonly key?: unknown }
    return /\.(finished|resolved)$/.test(entry.type) && typeof key === 'string' ? [key] : []
  })
  return new Set(keys)
}

/** What SQLite itself says of the file: `ok`, or what is wrong. */
export function integrityOf(file: string): string {
  const database = new DatabaseSync(file)
  try {
    return String(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'])
  } finally {
    database.close()
  }
}
