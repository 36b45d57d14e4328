import ts from 'typescript'
import { unwrap } from '../lint/syntax.ts'
import type { SourceFile } from '../lint/violation.ts'

/** The title of a test, a suite or a contract case. */
export interface TestTitle {
  readonly path: string
  readonly line: number
  /** Without the ids. Parts that are computed read `…`. */
  readonly title: string
  /** The rules that it says it proves. */
  readonly ids: readonly string[]
  /** What is wrong with how it names them. */
  readonly fault?: string
  /** Whether it runs and can fail: not below `skip`, `todo` or `fails`. */
  readonly proves: boolean
}

const runners = new Set(['describe', 'it', 'test'])
const proofless = new Set(['fails', 'skip', 'todo'])

/** Every title of a test file that names a rule, or tries to. */
export function testTitles(file: SourceFile): TestTitle[] {
  return collect(file, (node, proves) => {
    const call = runnerCall(node)
    if (call === undefined) return { proves }
    const runs = proves && !call.modifiers.some((modifier) => proofless.has(modifier))
    return { title: call.title, proves: runs }
  })
}

/** Every `title` of the cases of a contract that names a rule, or tries to. */
export function caseTitles(file: SourceFile): TestTitle[] {
  return collect(file, (node, proves) => {
    const isTitle = ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === 'title'
    return { title: isTitle ? node.initializer : undefined, proves }
  })
}

interface Found {
  readonly title?: ts.Expression | undefined
  /** Whether what is below this node runs. */
  readonly proves: boolean
}

function collect(file: SourceFile, visit: (node: ts.Node, proves: boolean) => Found): TestTitle[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
  const titles: TestTitle[] = []
  const walk = (node: ts.Node, above: boolean): void => {
    const { title, proves } = visit(node, above)
    const text = title && textOf(title)
    const tag = text === undefined ? undefined : tagOf(text)
    if (title !== undefined && tag !== undefined) {
      const line = source.getLineAndCharacterOfPosition(title.getStart(source)).line + 1
      titles.push({ path: file.path, line, proves, ...tag })
    }
    ts.forEachChild(node, (child) => walk(child, proves))
  }
  walk(source, true)
  return titles
}

/** `it('…')`, `test.skip('…')`, `describe.each(rows)('…')`: the title and the words between. */
function runnerCall(node: ts.Node): { title: ts.Expression; modifiers: string[] } | undefined {
  if (!ts.isCallExpression(node)) return undefined
  const [title] = node.arguments
  if (title === undefined || textOf(title) === undefined) return undefined
  const modifiers: string[] = []
  let callee = unwrap(node.expression)
  while (!ts.isIdentifier(callee)) {
    if (ts.isPropertyAccessExpression(callee)) {
      modifiers.push(callee.name.text)
      callee = unwrap(callee.expression)
    } else if (ts.isCallExpression(callee)) callee = unwrap(callee.expression)
    else if (ts.isTaggedTemplateExpression(callee)) callee = unwrap(callee.tag)
    else return undefined
  }
  return runners.has(callee.text) ? { title, modifiers } : undefined
}

/** The text of a title as far as it is written down; `undefined` for anything that is no text. */
function textOf(expression: ts.Expression): string | undefined {
  const node = unwrap(expression)
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')
  }
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined
  const [left, right] = [textOf(node.left), textOf(node.right)]
  return left === undefined && right === undefined ? undefined : `${left ?? '…'}${right ?? '…'}`
}

const brackets = /\[[^\]]*\]/g
const idLike = /\b[A-Za-z]{2,}[- _]?\d+\b/
const wellFormed = /^\[[A-Z]{2,}-[1-9]\d*(?:, [A-Z]{2,}-[1-9]\d*)*\]$/

/** The ids in square brackets at the end or the start of a title, and what is left of the title. */
function tagOf(text: string): Pick<TestTitle, 'title' | 'ids' | 'fault'> | undefined {
  const tag = text.match(brackets)?.find((part) => idLike.test(part))
  if (tag === undefined) return undefined
  const title = text.replace(tag, '').trim().replaceAll(/\s+/g, ' ')
  if (!wellFormed.test(tag)) return { title, ids: [], fault: `write ${tag} like [ABC-1] or [ABC-1, ABC-2]` }
  const ids = tag.slice(1, -1).split(', ')
  if (text.startsWith(tag) || text.endsWith(tag)) return { title, ids }
  return { title, ids, fault: `${tag} belongs at the end or the start of the title` }
}
