import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Pair } from 'yaml'
import { invalidFault } from './faults.ts'

/** One field of the front matter, with the line where it stands. */
export interface Field {
  readonly value: unknown
  readonly line: number
}

/** A `SKILL.md`, taken apart. */
export interface SkillText {
  readonly fields: ReadonlyMap<string, Field>
  readonly instructions: string
}

const mark = /^---[ \t]*$/

/** Takes a `SKILL.md` apart. Throws `skill/invalid` with the line. */
export function readSkillText(path: string, bytes: Uint8Array): SkillText {
  const lines = decode(path, bytes).split(/\r?\n/)
  if (!mark.test(lines[0] ?? ''))
    throw invalidFault(path, 'it has to begin with a line of three hyphens, before the front matter.', {
      line: 1,
    })
  const end = lines.findIndex((line, index) => index > 0 && mark.test(line))
  if (end < 0)
    throw invalidFault(path, 'a line of three hyphens has to end the front matter.', { line: lines.length })
  return {
    fields: readFields(path, lines.slice(1, end).join('\n')),
    instructions: lines
      .slice(end + 1)
      .join('\n')
      .trim(),
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalidFault(path, 'it is not UTF-8 text.', { reason: 'encoding' })
  }
}

/** Anchors and aliases are refused: a small text can unfold to a huge one through them, and no skill needs them. */
function readFields(path: string, text: string): Map<string, Field> {
  const counter = new LineCounter()
  // The front matter begins on the second line of the file.
  const lineAt = (offset: number | undefined): number => counter.linePos(offset ?? 0).line + 1
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    lineCounter: counter,
  })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined)
    throw invalidFault(path, `the front matter is not YAML: ${firstLine(problem.message)}`, {
      line: lineAt(problem.pos[0]),
    })
  visit(document, (_key, node) => {
    if (isAlias(node) || ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined))
      throw invalidFault(path, 'anchors and aliases are not allowed.', { line: lineAt(node.range?.[0]) })
  })
  if (!isMap(document.contents))
    throw invalidFault(path, 'the front matter has to be fields and values.', { line: 2 })
  return new Map(
    document.contents.items.map((pair: Pair) => {
      const key: unknown = isScalar(pair.key) ? pair.key.value : undefined
      const line = lineAt(isScalar(pair.key) ? pair.key.range?.[0] : undefined)
      if (typeof key !== 'string') throw invalidFault(path, 'the name of a field has to be a text.', { line })
      const value: unknown =
        isScalar(pair.value) || isMap(pair.value) || isSeq(pair.value) ? pair.value.toJSON() : pair.value
      return [key, { value, line }]
    }),
  )
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''
