import ts from 'typescript'
import { checkSyntax, readMember, unwrap } from '../syntax.ts'
import { isShippedSource, type Rule } from '../violation.ts'

const members = new Map([
  ['Date', ['now']],
  ['Math', ['random']],
  ['performance', ['now']],
  ['crypto', ['randomUUID', 'getRandomValues']],
  ['process', ['hrtime']],
  ['AbortSignal', ['timeout']],
])
const globals = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const modules = /^(node:)?timers(\/promises)?$/
const imported = new Set(['randomUUID', 'randomBytes', 'getRandomValues', 'performance'])
const globalObjects = new Set(['globalThis', 'global'])

/** An identifier that stands for a value, not for a member's name or a type. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isTypeNode(parent) || ts.isQualifiedName(parent) || ts.isTypeElement(parent)) return false
  if (ts.isBindingElement(parent)) return parent.initializer === node
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false
  return !('name' in parent && parent.name === node)
}

const globalName = (expression: ts.Expression): string | undefined => {
  const node = unwrap(expression)
  if (ts.isIdentifier(node)) return node.text
  const read = readMember(node)
  return read && ts.isIdentifier(read.object) && globalObjects.has(read.object.text) ? read.member : undefined
}

/** Time, randomness and ids come from the platform port; otherwise no test can hold them still. */
export const ambientTime: Rule = (files) =>
  checkSyntax(
    'ambient-time-or-randomness',
    files.filter(
      ({ path }) =>
        path.startsWith('packages/core/src/') &&
        isShippedSource(path) &&
        !path.startsWith('packages/core/src/platform/'),
    ),
    (_source, report) => (node) => {
      const read = readMember(node)
      if (read) {
        const owner = globalName(read.object)
        if (owner !== undefined && members.get(owner)?.includes(read.member))
          report(node, `${owner}.${read.member}`)
        if (owner !== undefined && globalObjects.has(owner) && globals.has(read.member))
          report(node, read.member)
      }
      if (ts.isIdentifier(node) && globals.has(node.text) && isReference(node)) report(node, node.text)
      if (ts.isNewExpression(node) && globalName(node.expression) === 'Date' && !node.arguments?.length) {
        report(node, 'new Date()')
      }
      if (ts.isCallExpression(node) && globalName(node.expression) === 'Date') report(node, 'Date()')
      if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
        if (modules.test(node.moduleSpecifier.text)) report(node, `import of ${node.moduleSpecifier.text}`)
      }
      if (ts.isImportSpecifier(node) && imported.has((node.propertyName ?? node.name).text)) {
        report(node, `import of ${(node.propertyName ?? node.name).text}`)
      }
    },
  )
