import ts from 'typescript'
import { checkSyntax } from '../syntax.ts'
import { isShippedSource, type Rule } from '../violation.ts'

const runner = /^(vitest|@vitest\/.*|node:test|test|jest|@jest\/.*|mocha|tap|ava)(\/.*)?$/

/** A published file that imports a runner breaks everybody who installs without dev dependencies. */
export const testRunner: Rule = (files) =>
  checkSyntax(
    'test-runner-in-source',
    files.filter((file) => isShippedSource(file.path)),
    (_source, report) => (node) => {
      const specifier =
        ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
          ? node.moduleSpecifier
          : ts.isCallExpression(node) && isImporter(node.expression)
            ? node.arguments[0]
            : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
              ? node.argument.literal
              : undefined
      if (specifier && ts.isStringLiteralLike(specifier) && runner.test(specifier.text)) {
        report(node, `imports ${specifier.text}`)
      }
    },
  )

function isImporter(node: ts.Expression): boolean {
  return node.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(node) && node.text === 'require')
}
