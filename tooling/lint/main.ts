// Boundaries and house rules over the whole repository; prints each violation and exits 1 when there is one.
import { root } from '../scripts/process.ts'
import { repositoryFiles } from './files.ts'
import { checkImports } from './imports.ts'
import { rules } from './rules.ts'
import type { Violation } from './violation.ts'

const files = repositoryFiles(root)
const imports = await checkImports(root)
const found: Violation[] = [...imports.violations, ...rules.flatMap((rule) => rule(files))]
for (const { rule, path, line, message, severity = 'error' } of found) {
  console.log(`${path}${line === undefined ? '' : `:${line}`}: ${severity} ${rule}: ${message}`)
}
const errors = found.filter((violation) => violation.severity !== 'warning').length
console.log(`${files.length} files and ${imports.modules} modules checked, ${errors} violations`)
process.exitCode = errors === 0 ? 0 : 1
