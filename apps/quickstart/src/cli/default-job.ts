import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What is asked when nothing is asked. */
export const defaultQuestion =
  'What does Belay promise when a process is killed, and how are steps recorded and resumed so that nothing runs twice?'

/** The documentation of the repository that this file is in: its README, docs, and the packages' READMEs. */
export function defaultDocuments(): { readonly folder: string; readonly include: readonly string[] } {
  // src/cli or dist/cli, below apps/quickstart.
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')
  const packages = existsSync(join(folder, 'packages')) ? readdirSync(join(folder, 'packages')).sort() : []
  return { folder, include: ['README.md', 'docs', ...packages.map((name) => `packages/${name}/README.md`)] }
}
