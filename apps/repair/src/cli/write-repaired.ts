import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { ChangedFile } from '../repair/schemas.ts'

/** Writes the changed files beside the original folder, which stays as it is. Gives their paths. */
export function writeRepaired(folder: string, changes: readonly ChangedFile[]): string[] {
  return changes.flatMap(({ path, after }) => {
    if (after === '') return []
    const file = join(folder, relative('/workspace', path))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, after)
    return [file]
  })
}
