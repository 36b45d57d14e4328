import type { Rule, Violation } from '../violation.ts'

const machinePath = /(?<![\w.\-/@~])\/(?:work|root|home|Users)\/\w/
const registryHost = /\b(?:registry|npm)\.(?:[\w-]+\.)+(?:org|com|net|io|dev|internal|local)\b|_auth[T]oken/i
const lockedAddress = /\btarball:\s*\S*:\/\//

/** What holds on one machine alone does not belong into a repository that others clone. */
export const machineTraces: Rule = (files) => {
  const violations: Violation[] = []
  for (const { path, text } of files) {
    text.split('\n').forEach((content, index) => {
      const at = { path, line: index + 1 }
      const found = machinePath.exec(content)
      if (found) violations.push({ rule: 'machine-path', ...at, message: `path of one machine: ${found[0]}` })
      if (registryHost.test(content) || (path === 'pnpm-lock.yaml' && lockedAddress.test(content))) {
        violations.push({ rule: 'registry-host', ...at, message: 'names a package registry' })
      }
    })
  }
  return violations
}
