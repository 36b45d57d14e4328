import type { DocumentText } from './document-text.ts'

/** A planner needs to know what a document is about, not its whole table of contents. */
const maxHeadings = 12

/** The first headings of a document (Markdown, reStructuredText and the like); without any, its first line. */
export function headingsOf({ lines }: DocumentText): string[] {
  const found: string[] = []
  let isCode = false
  for (const [index, line] of lines.entries()) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode
    if (isCode) continue
    const marked = /^#{1,4}\s+(.+?)\s*#*$/.exec(line)?.[1]
    const underlined =
      /^(={3,}|-{3,})\s*$/.test(lines[index + 1] ?? '') && line.trim() !== '' ? line.trim() : undefined
    const heading = marked ?? underlined
    if (heading !== undefined) found.push(clip(heading))
    if (found.length === maxHeadings) break
  }
  if (found.length > 0) return found
  const first = lines.find((line) => line.trim() !== '')?.trim()
  return first === undefined ? [] : [clip(first)]
}

function clip(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}
