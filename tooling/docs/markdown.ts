import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced code block. */
export interface CodeBlock {
  /** Of the first line of code, from 1. */
  readonly line: number
  readonly language: string
  /** What follows the language, `name=value` or `name` alone. */
  readonly flags: ReadonlyMap<string, string>
  readonly code: string
}

/** A link or an image. */
export interface Link {
  readonly line: number
  readonly target: string
}

/** One Markdown file, as far as the checks need it. */
export interface Page {
  /** Relative to the folder that was read. */
  readonly path: string
  readonly blocks: readonly CodeBlock[]
  readonly links: readonly Link[]
  readonly anchors: ReadonlySet<string>
  readonly headings: readonly string[]
  readonly text: string
}

const fenceStart = /^(`{3,})\s*(\S*)\s*(.*)$/
const headingLine = /^#{1,6}\s+(.*?)\s*#*$/
const linkPattern = /!?\[(?:[^\]\\]|\\.)*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g

/** The anchor that a heading gets on the usual hosts. */
export function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
}

function flagsOf(info: string): Map<string, string> {
  const parts = info.match(/[\w-]+="[^"]*"|\S+/g) ?? []
  return new Map(
    parts.map((part) => {
      const [name = '', ...value] = part.split('=')
      return [name, value.join('=').replaceAll('"', '')]
    }),
  )
}

/** Takes a page apart. */
export function parsePage(path: string, text: string): Page {
  const blocks: CodeBlock[] = []
  const links: Link[] = []
  const headings: string[] = []
  let open: { fence: string; block: CodeBlock; lines: string[] } | undefined
  text.split('\n').forEach((content, index) => {
    if (open !== undefined) {
      if (content.trim() !== open.fence) return void open.lines.push(content)
      blocks.push({ ...open.block, code: `${open.lines.join('\n')}\n` })
      open = undefined
      return
    }
    const fence = fenceStart.exec(content)
    if (fence !== null) {
      const [, mark = '', language = '', info = ''] = fence
      open = {
        fence: mark,
        block: { line: index + 2, language, flags: flagsOf(info), code: '' },
        lines: [],
      }
      return
    }
    const heading = headingLine.exec(content)?.[1]
    if (heading !== undefined) headings.push(heading)
    const prose = content.replaceAll(/`[^`]*`/g, '')
    for (const [, target = ''] of prose.matchAll(linkPattern)) links.push({ line: index + 1, target })
  })
  return { path, blocks, links, headings, anchors: anchorsOf(headings), text }
}

function anchorsOf(headings: readonly string[]): Set<string> {
  const anchors = new Set<string>()
  const seen = new Map<string, number>()
  for (const heading of headings) {
    const slug = slugOf(heading)
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

/** The pages that people read, by paths relative to `root`. */
export function readPages(root: string, patterns: readonly string[]): Page[] {
  return globSync([...patterns], { cwd: root })
    .toSorted()
    .map((path) => parsePage(path.replaceAll('\\', '/'), readFileSync(join(root, path), 'utf8')))
}
