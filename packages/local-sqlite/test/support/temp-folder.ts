import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own for one test. */
export interface TempFolder {
  readonly path: string
  /** A path in the folder. */
  file(name?: string): string
  remove(): void
}

/** Makes a fresh folder. */
export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'belay-sqlite-'))
  return {
    path,
    file: (name = 'store.db') => join(path, name),
    remove: () => {
      rmSync(path, { recursive: true, force: true })
    },
  }
}
