import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** An object in the source that an error with a literal code is made from. */
export interface ThrownError {
  readonly at: string
  readonly code: string
  /** Names of `meta`, as far as they are written down there. */
  readonly meta: readonly string[]
  /** Absent where it is not written as a literal. */
  readonly retryable: boolean | undefined
}

/** Every object literal with `code: 'some/code'` in what the packages ship. */
export function thrownErrors(root: string): ThrownError[] {
  return globSync('packages/*/src/**/*.ts', { cwd: root })
    .filter((path) => !/\.test\.ts$|^packages\/testing\//.test(path))
    .toSorted()
    .flatMap((path) => thrownIn(path, readFileSync(join(root, path), 'utf8')))
}

/** The same in one file. */
export function thrownIn(path: string, text: string): ThrownError[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: ThrownError[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const code = valueOf(node, 'code')
      if (code !== undefined && ts.isStringLiteral(code) && /^[a-z]+\/[a-z_-]+$/.test(code.text)) {
        const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
        found.push({
          at: `${path}:${line}`,
          code: code.text,
          meta: namesIn(valueOf(node, 'meta')),
          retryable: flagOf(valueOf(node, 'retryable')),
        })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function valueOf(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const property of node.properties)
    if (ts.isPropertyAssignment(property) && property.name.getText() === name) return property.initializer
  return undefined
}

/** Names of an object literal, and of the literals that are spread into it under a condition. */
function namesIn(node: ts.Expression | undefined): string[] {
  if (node === undefined) return []
  if (ts.isParenthesizedExpression(node)) return namesIn(node.expression)
  if (ts.isBinaryExpression(node)) return namesIn(node.right)
  if (!ts.isObjectLiteralExpression(node)) return []
  return node.properties.flatMap((property) => {
    if (ts.isSpreadAssignment(property)) return namesIn(property.expression)
    return property.name === undefined ? [] : [property.name.getText().replaceAll(/['"]/g, '')]
  })
}

function flagOf(node: ts.Expression | undefined): boolean | undefined {
  if (node?.kind === ts.SyntaxKind.TrueKeyword) return true
  return node?.kind === ts.SyntaxKind.FalseKeyword ? false : undefined
}
