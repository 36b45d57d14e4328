import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What is asked when nothing is asked. */
export const defaultQuestion =
  'What does Belay promise when a process is killed, and how are steps recorded and resumed so that nothing runs twice?'

/** The documentation of the repository that this file is in: its README and docs. */
export function defaultDocuments(): { readonly folder: string; readonly include: readonly string[] } {
  // src/cli or dist/cli, below apps/quickstart.
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')
  return { folder, include: ['README.md', 'docs'] }
}
