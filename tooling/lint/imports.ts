import { globSync } from 'node:fs'
import { join } from 'node:path'
import { root, runNode, toolScript } from '../scripts/process.ts'
import type { Violation } from './violation.ts'

interface CruiseResult {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly {
      readonly from: string
      readonly to: string
      readonly rule: { readonly name: string; readonly severity: string }
      readonly cycle?: readonly { readonly name: string }[]
    }[]
  }
}

export interface ImportsReport {
  readonly modules: number
  readonly violations: readonly Violation[]
}

/** Checks who imports whom under `folder`, which is laid out like the repository. */
export async function checkImports(folder: string): Promise<ImportsReport> {
  const config = join(root, 'tooling', 'lint', 'dependency-cruiser.mjs')
  const sources = globSync('{packages,apps}/*/{src,test}', { cwd: folder })
  const args = [
    toolScript('dependency-cruiser', 'depcruise'),
    '--config',
    config,
    '--output-type',
    'json',
    ...sources,
  ]
  const { output } = await runNode(args, { capture: true, cwd: folder })
  let result: CruiseResult
  try {
    result = JSON.parse(output) as CruiseResult
  } catch (cause) {
    throw new Error(`dependency-cruiser gave no report:\n${output}`, { cause })
  }
  const violations = result.summary.violations
    .filter((violation) => violation.rule.severity === 'error')
    .map((violation) => ({
      rule: violation.rule.name,
      path: violation.from,
      message: violation.cycle
        ? `cycle: ${violation.cycle.map((step) => step.name).join(' > ')}`
        : `imports ${violation.to}`,
    }))
  const modules = result.summary.totalCruised
  // With a TypeScript that it cannot use, the tool reads no module and finds no fault.
  if (modules === 0) violations.push({ rule: 'nothing-checked', path: '.', message: 'no module was read' })
  return { modules, violations }
}
