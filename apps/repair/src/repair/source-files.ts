import type { StepSandbox } from '@belay/core'

/** A file with its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** More is not repaired by changing a word here and there, and would fill the journal. */
const [mostFiles, mostBytes] = [500, 1_048_576]

/** The text files of the workspace, without what package managers and version control keep. */
export async function readSources({ files }: StepSandbox): Promise<SourceFile[]> {
  const found = await files.glob('**', { limit: mostFiles })
  const sources: SourceFile[] = []
  for (const path of found.paths) {
    if (/\/(node_modules|\.[^/]+)\//.test(path)) continue
    const content = await files.read(path, { limit: mostBytes })
    if (content === undefined || content.truncated || content.bytes.includes(0)) continue
    sources.push({ path, text: new TextDecoder().decode(content.bytes) })
  }
  return sources
}
