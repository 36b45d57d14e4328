import type { StepSandbox } from '@belay/core'
import { isCodedError } from '@belay/core/ports'
import { linesOf } from '../documents/document-text.ts'
import { documentPath, workspacePath } from '../documents/workspace-path.ts'
import type { Draft, Finding, Verified } from './schemas.ts'

/** A quote may begin one line off: counting from a numbered text is easy to get wrong by one. */
const lineTolerance = 1
/** A quote that runs on is looked for in so many lines. */
const maxQuoteLines = 12
/** A shorter quote is found anywhere and proves nothing. */
const minQuoteLength = 8

/** Checks every citation of a draft against the files of the workspace and takes out what does not hold. */
export async function verifyCitations(
  sandbox: StepSandbox,
  draft: Draft,
  signal: AbortSignal,
): Promise<Verified> {
  const texts = new Map<string, readonly string[] | string>()
  for (const file of new Set(draft.sections.flatMap(({ claims }) => claims.map((claim) => claim.file)))) {
    texts.set(file, await linesOrReason(sandbox, documentPath(file), signal))
  }
  const removed: { file: string; line: number; reason: string }[] = []
  const holds = (claim: Finding): boolean => {
    const reason = whyNot(claim, texts.get(claim.file) ?? 'there is no such document')
    if (reason !== undefined) removed.push({ file: documentPath(claim.file), line: claim.line, reason })
    return reason === undefined
  }
  const sections = draft.sections
    .map(({ heading, claims }) => ({
      heading,
      claims: claims.filter(holds).map((claim) => ({ ...claim, file: documentPath(claim.file) })),
    }))
    .filter(({ claims }) => claims.length > 0)
  return {
    draft: { ...draft, sections },
    kept: sections.reduce((sum, { claims }) => sum + claims.length, 0),
    removed,
  }
}

async function linesOrReason(
  { files }: StepSandbox,
  file: string,
  signal: AbortSignal,
): Promise<readonly string[] | string> {
  try {
    const content = await files.read(workspacePath(file), { signal })
    if (content === undefined) return `There is no document "${file}".`
    return linesOf(new TextDecoder().decode(content.bytes))
  } catch (error) {
    if (isCodedError(error, 'sandbox/path')) return `The path "${file}" is not one of a document.`
    throw error
  }
}

function whyNot(claim: Finding, text: readonly string[] | string): string | undefined {
  if (typeof text === 'string') return text
  const quote = normalised(claim.quote)
  if (quote.length < minQuoteLength) return 'the quote is too short to prove anything'
  for (let line = claim.line - lineTolerance; line <= claim.line + lineTolerance; line++) {
    if (beginsIn(text, line, quote)) return undefined
  }
  return 'the quote is not written there'
}

/** Whether a quote begins in a line; white space counts as one blank, so a quote may run over line ends. */
function beginsIn(lines: readonly string[], line: number, quote: string): boolean {
  const first = lines[line - 1]
  if (first === undefined) return false
  const passage = normalised(lines.slice(line - 1, line - 1 + maxQuoteLines).join('\n'))
  const index = passage.indexOf(quote)
  return index >= 0 && index < normalised(first).length
}

function normalised(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim()
}
