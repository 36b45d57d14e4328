/** A numbered line as `read_document` gives it. */
export interface NumberedLine {
  readonly line: number
  readonly text: string
}

/** A sentence or table row with the place where it begins. */
export interface Passage {
  readonly line: number
  /** As it stands in the document, line ends as blanks. */
  readonly quote: string
  /** The heading above it. */
  readonly heading: string
  /** The sentence before it in the same paragraph. */
  readonly before?: Passage
}

interface Block {
  readonly heading: string
  readonly lines: NumberedLine[]
}

/** What begins a block of its own: a list item, a quotation, a table row. */
const blockStart = /^\s*([-*+]\s|\d+[.)]\s|>|\|)/
const heading = /^\s*#{1,6}\s+(.*?)\s*#*$/

/** Splits lines into passages. Code is no passage; headings are context. */
export function passagesOf(lines: readonly NumberedLine[]): Passage[] {
  return blocksOf(lines).flatMap(sentencesOf)
}

function blocksOf(lines: readonly NumberedLine[]): Block[] {
  const blocks: Block[] = []
  let current: Block | undefined
  let title = ''
  let isCode = false
  for (const numbered of lines) {
    const { text } = numbered
    const isFence = /^\s*(```|~~~)/.test(text)
    if (isFence) isCode = !isCode
    const name = heading.exec(text)?.[1]
    if (isFence || isCode || text.trim() === '' || name !== undefined) {
      if (name !== undefined && !isCode) title = name
      current = undefined
      continue
    }
    if (current === undefined || blockStart.test(text)) {
      current = { heading: title, lines: [] }
      blocks.push(current)
    }
    current.lines.push(numbered)
  }
  return blocks
}

function sentencesOf({ heading: title, lines }: Block): Passage[] {
  const first = lines[0]
  if (first === undefined) return []
  if (/^\s*\|/.test(first.text))
    return isTableRule(first.text) ? [] : [{ line: first.line, quote: first.text.trim(), heading: title }]
  const starts: number[] = []
  let joined = ''
  for (const { text } of lines) {
    starts.push(joined.length)
    joined += `${text.trim()} `
  }
  const passages: Passage[] = []
  for (const { start, end } of boundaries(joined)) {
    const quote = joined.slice(start, end).trim()
    if (quote === '') continue
    const index = starts.findLastIndex((at) => at <= start)
    const before = passages.at(-1)
    passages.push({
      line: lines[index]?.line ?? first.line,
      quote,
      heading: title,
      ...(before && { before }),
    })
  }
  return passages
}

/** An end of sentence: a mark, perhaps closing brackets or quotes, a blank, and a beginning. Abbreviations are none. */
function boundaries(text: string): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = []
  let start = 0
  for (const match of text.matchAll(/[.!?]["')\]*_`]*\s+(?=[\p{Lu}\p{N}"'(`*[])/gu)) {
    const end = match.index + match[0].length
    if (/\b(e\.g|i\.e|cf|vs|no|approx|etc|\d)\.\s*$/iu.test(text.slice(Math.max(0, end - 12), end).trimEnd()))
      continue
    // "1." at the start of a list item is no sentence.
    if (!/\p{L}{2}/u.test(text.slice(start, end))) continue
    found.push({ start, end })
    start = end
  }
  found.push({ start, end: text.length })
  return found
}

function isTableRule(text: string): boolean {
  return /^\s*\|[\s|:-]+\|?\s*$/.test(text)
}

/** A passage as a sentence to read: without list marks, emphasis, link targets and table bars. */
export function readable(quote: string): string {
  const isRow = quote.startsWith('|')
  const plain = quote
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s+/, '')
    .replace(/^>\s*/, '')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replace(/(^|\s)[*_]([^*_`]+)[*_](?=\W|$)/g, '$1$2')
  if (!isRow) return plain.trim()
  const cells = plain
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '')
  const [first = '', ...rest] = cells
  return rest.length === 0 ? first : `${first}: ${rest.join('; ')}`
}
