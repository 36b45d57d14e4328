import ts from 'typescript'
import {
  bindsProperty,
  checkSyntax,
  destructuredFrom,
  namesHolding,
  readMember,
  lastName,
  unwrap,
} from '../syntax.ts'
import { isShippedSource, type Rule } from '../violation.ts'

const isDefinition = (name: string) => /(^def$|^definition$|Def$|Definition$)/.test(name)
const kinds = new Set(['agent', 'workflow'])
const comparisons = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
])

const isKind = (node: ts.Expression) => {
  const inner = unwrap(node)
  return ts.isStringLiteralLike(inner) && kinds.has(inner.text)
}

const isKindTable = (node: ts.Expression) => {
  const inner = unwrap(node)
  return (
    ts.isObjectLiteralExpression(inner) &&
    inner.properties.some((p) => p.name && 'text' in p.name && kinds.has(p.name.text))
  )
}

/** Written into a record or a text, the kind decides nothing. */
const isData = (node: ts.Node) =>
  ts.isTemplateSpan(node.parent) || (ts.isPropertyAssignment(node.parent) && node.parent.initializer === node)

/** The engine treats agents and workflows alike; a test of the kind there is a second engine beginning. */
export const definitionKind: Rule = (files) =>
  checkSyntax(
    'run-reads-definition-kind',
    files.filter((file) => file.path.startsWith('packages/core/src/run/') && isShippedSource(file.path)),
    (source, report) => {
      const holdsDefinition = namesHolding(source, isDefinition)
      return (node) => {
        const read = readMember(node)
        const owner = read && lastName(read.object)
        if (read?.member === 'kind' && owner !== undefined && holdsDefinition(owner) && !isData(node)) {
          report(node, `tests the kind of ${owner}`)
        }
        if (ts.isObjectBindingPattern(node) && bindsProperty(node, 'kind')) {
          if (destructuredFrom(node, source).some(holdsDefinition))
            report(node, 'takes the kind of a definition')
        }
        if (ts.isBinaryExpression(node) && comparisons.has(node.operatorToken.kind)) {
          if (isKind(node.left) || isKind(node.right)) report(node, 'compares with a kind of definition')
        }
        if (ts.isCaseClause(node) && isKind(node.expression))
          report(node, 'compares with a kind of definition')
        if (ts.isArrayLiteralExpression(node) && node.elements.some(isKind))
          report(node, 'lists kinds of definition')
        if (ts.isElementAccessExpression(node) && isKindTable(node.expression)) report(node, 'table by kind')
        if (ts.isVariableDeclaration(node) && node.initializer && isKindTable(node.initializer)) {
          report(node, 'table by kind')
        }
      }
    },
  )
