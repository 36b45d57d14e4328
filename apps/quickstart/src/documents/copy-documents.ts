import type { StepSandbox } from '@belay/core'
import { DocumentError } from './document-error.ts'
import type { DocumentPlace } from './document-place.ts'
import { readDocument } from './document-text.ts'
import type { Survey } from './survey.ts'
import { workspacePath } from './workspace-path.ts'

/** What the copy of a folder came to. */
export interface Copied {
  readonly documents: number
  /** Documents that are not what they were in the survey; those that are gone have no copy. */
  readonly changed: readonly string[]
}

/**
 * Copies the surveyed documents into the workspace of the run, so that everything after works on one state of them.
 * Line ends become `\n`, so that every tool counts the lines as the survey does.
 */
export async function copyDocuments(
  place: DocumentPlace,
  survey: Survey,
  { files }: StepSandbox,
  signal: AbortSignal,
): Promise<Copied> {
  const changed: string[] = []
  let documents = 0
  for (const { path, sha256 } of survey.documents) {
    signal.throwIfAborted()
    const text = await readDocument(place, path).catch(ignoreUnreadable)
    if (text?.sha256 !== sha256) changed.push(path)
    if (text === undefined) continue
    await files.write(workspacePath(path), new TextEncoder().encode(`${text.lines.join('\n')}\n`), { signal })
    documents++
  }
  return { documents, changed }
}

/** A file that vanished since the survey. */
function ignoreUnreadable(error: unknown): undefined {
  if (!(error instanceof DocumentError)) throw error
  return undefined
}
