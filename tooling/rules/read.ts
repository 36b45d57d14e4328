import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceFile } from '../lint/violation.ts'
import { notTestedFile, type RuleState } from './check.ts'
import { parseRegistry } from './registry.ts'
import { caseTitles, testTitles } from './titles.ts'

/** Where the rules are written. */
const registryFile = 'docs/reference/behaviour.md'

/** The files that the test runner takes; a test anywhere else is never run and proves nothing. */
const testFiles = '{packages/*,apps/*,tooling}/{src,test}/**/*.test.ts'
const contractFiles = 'packages/testing/src/contract/*.ts'

/** Reads rules and titles of the repository at `root`. */
export function readRuleState(root: string): RuleState {
  return {
    registry: parseRegistry(registryFile, readFileSync(join(root, registryFile), 'utf8')),
    titles: [
      ...filesAt(root, contractFiles).flatMap(caseTitles),
      ...filesAt(root, testFiles).flatMap(testTitles),
    ].toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)) || a.line - b.line),
    notTestedYet: JSON.parse(readFileSync(join(root, notTestedFile), 'utf8')) as string[],
  }
}

function filesAt(root: string, pattern: string): SourceFile[] {
  return globSync(pattern, { cwd: root, exclude: ['**/node_modules', '**/dist'] }).map((path) => ({
    path: path.replaceAll('\\', '/'),
    text: readFileSync(join(root, path), 'utf8'),
  }))
}
