import { relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Copied } from '../documents/copy-documents.ts'
import type { Survey } from '../documents/survey.ts'
import type { Finding, ResearchInput, Verified } from './schemas.ts'

/** The report as Markdown. Nothing in it depends on when or how often the run was interrupted. */
export function reportMarkdown(
  input: ResearchInput,
  survey: Survey,
  copied: Copied,
  verified: Verified,
): string {
  const { draft, kept, removed } = verified
  const { folder } = input
  const blocks = [
    `# ${oneLine(draft.title)}`,
    `> ${oneLine(input.question)}`,
    draft.summary.trim(),
    ...draft.sections.flatMap(({ heading, claims }) => [
      `## ${oneLine(heading)}`,
      claims.map((claim) => claimLines(claim, input)).join('\n'),
    ]),
    ...(kept === 0 ? ['The documents do not answer this question.'] : []),
    '## How this was made',
    [
      `- ${count(copied.documents, 'document')} of \`${folder}\` read, ${count(kept, 'claim')} kept.`,
      removed.length === 0
        ? '- Every quote was found in the cited line.'
        : `- ${count(removed.length, 'claim')} removed, because the quote was not found in the cited line.`,
      ...copied.changed.map((path) => `- \`${path}\` changed while the documents were copied.`),
      ...survey.notes.map((note) => `- Note: ${oneLine(note)}.`),
    ].join('\n'),
  ]
  return `${blocks.join('\n\n')}\n`
}

/** A claim with its source. The quote is shown where the claim says it in other words. */
function claimLines(claim: Finding, { folder, out }: ResearchInput): string {
  const text = oneLine(claim.claim)
  const quote = oneLine(claim.quote)
  const link = linkTo(claim, folder, out)
  const cited = `- ${text} ([${claim.file}:${claim.line}](${link}))`
  return bare(quote).includes(bare(text)) ? cited : `${cited}\n\n  > ${quote}\n`
}

/** Relative where that is possible, so that the report can be read from a copy of both folders. */
function linkTo(claim: Finding, folder: string, out: string): string {
  const path = relative(out, `${folder}/${claim.file}`)
  const isOtherRoot = path === '' || /^[A-Za-z]:/.test(path)
  if (isOtherRoot) return `${pathToFileURL(`${folder}/${claim.file}`).href}#L${claim.line}`
  return `${path.split(sep).map(encodeURIComponent).join('/')}#L${claim.line}`
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim()
}

/** Letters and digits alone: marks and the targets of links do not make other words. */
function bare(text: string): string {
  return text
    .replace(/\]\([^)]*\)/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
}
