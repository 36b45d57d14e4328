import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteStore } from '@belay/local-sqlite'
import type { Entry } from '@belay/core/ports'

/** What a database held at the moment its process died. */
export interface DatabaseState {
  /** `ok`, or what SQLite found. */
  readonly integrity: string
  /** Entries of the run, read with their checksums. */
  readonly entries: readonly Entry[]
  /** Keys of steps, model calls and tool calls whose result is recorded. */
  readonly recorded: ReadonlySet<string>
}

const effectTypes = new Set(['step.finished', 'model.finished', 'tool.finished'])

/** Reads a copy, so that the next process finds the files exactly as the dead one left them. */
export async function readDatabase(file: string, runId: string): Promise<DatabaseState> {
  if (!existsSync(file)) return { integrity: 'ok', entries: [], recorded: new Set() }
  const folder = mkdtempSync(join(tmpdir(), 'belay-copy-'))
  try {
    const copy = join(folder, 'runs.db')
    copyFileSync(file, copy)
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`)
    const entries = await allEntries(copy, runId)
    const recorded = entries
      .filter(({ type }) => effectTypes.has(type))
      .map(({ data }) => String((data as { key?: unknown }).key))
    return { integrity: integrityOf(copy), entries, recorded: new Set(recorded) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Every stream is read to its end, because reading is what verifies checksums. */
async function allEntries(file: string, runId: string): Promise<readonly Entry[]> {
  const store = sqliteStore({ file })
  try {
    const heads = await store.journal.heads({})
    for (const { stream } of heads) await store.journal.read(stream, { limit: 100_000 })
    return await store.journal.read(`run/${runId}`, { limit: 100_000 })
  } finally {
    await store.close()
  }
}

function integrityOf(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = database.prepare('PRAGMA integrity_check').all()
    return rows.map((row) => String(row['integrity_check'])).join('; ')
  } finally {
    database.close()
  }
}
