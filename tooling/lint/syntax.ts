import ts from 'typescript'
import type { SourceFile, Violation } from './violation.ts'

export type Report = (node: ts.Node, message: string) => void

/** Walks each file's syntax tree and collects what `visit` reports. */
export function checkSyntax(
  rule: string,
  files: readonly SourceFile[],
  start: (source: ts.SourceFile, report: Report) => (node: ts.Node) => void,
): Violation[] {
  const violations: Violation[] = []
  for (const file of files) {
    const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
    const visit = start(source, (node, message) => {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
      violations.push({ rule, path: file.path, line, message })
    })
    const walk = (node: ts.Node): void => {
      visit(node)
      ts.forEachChild(node, walk)
    }
    walk(source)
  }
  return violations
}

/** Through parentheses, `!`, `as` and `satisfies`, which do not change which value is meant. */
export function unwrap(node: ts.Expression): ts.Expression {
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node)
  ) {
    return unwrap(node.expression)
  }
  return node
}

/** `a.b.c`, `c` and `a['c']` are all called `c`. */
export function lastName(expression: ts.Expression): string | undefined {
  const node = unwrap(expression)
  if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) return node.text.replace(/^#/, '')
  if (ts.isPropertyAccessExpression(node)) return node.name.text.replace(/^#/, '')
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return node.argumentExpression.text
  }
  return undefined
}

/** The member that is read by `x.member` or `x['member']`. */
export function readMember(node: ts.Node): { object: ts.Expression; member: string } | undefined {
  if (ts.isPropertyAccessExpression(node)) return { object: node.expression, member: node.name.text }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return { object: node.expression, member: node.argumentExpression.text }
  }
  return undefined
}

/**
 * Names in a file that hold what `isSubject` recognises: directly, through another name, or by their
 * written type. One file-wide set is coarse, and in a rule that forbids a habit that is the safe side.
 */
export function namesHolding(
  source: ts.SourceFile,
  isSubject: (name: string) => boolean,
): (name: string) => boolean {
  const aliases = new Set<string>()
  const known = (name: string) => isSubject(name) || aliases.has(name)
  const note = (node: ts.Node): void => {
    if ((ts.isVariableDeclaration(node) || ts.isParameter(node)) && ts.isIdentifier(node.name)) {
      const initial = node.initializer && lastName(node.initializer)
      const type =
        node.type && ts.isTypeReferenceNode(node.type) ? node.type.typeName.getText(source) : undefined
      if ((initial !== undefined && known(initial)) || (type !== undefined && isSubject(type))) {
        aliases.add(node.name.text)
      }
    }
    if (ts.isBindingElement(node) && ts.isIdentifier(node.name) && node.propertyName) {
      if (ts.isIdentifier(node.propertyName) && known(node.propertyName.text)) aliases.add(node.name.text)
    }
    ts.forEachChild(node, note)
  }
  note(source)
  return known
}

/** What a destructuring takes apart: its initialiser's name, or the written type of the parameter. */
export function destructuredFrom(pattern: ts.ObjectBindingPattern, source: ts.SourceFile): string[] {
  const owner = pattern.parent
  const names: string[] = []
  if (ts.isBindingElement(owner)) {
    const property = owner.propertyName ?? owner.name
    if (ts.isIdentifier(property)) names.push(property.text)
    return names
  }
  const initial = owner.initializer && lastName(owner.initializer)
  if (initial !== undefined) names.push(initial)
  if (owner.type && ts.isTypeReferenceNode(owner.type)) names.push(owner.type.typeName.getText(source))
  return names
}

export function bindsProperty(pattern: ts.ObjectBindingPattern, property: string): boolean {
  return pattern.elements.some((element) => {
    const name = element.propertyName ?? element.name
    return (ts.isIdentifier(name) || ts.isStringLiteralLike(name)) && name.text === property
  })
}
