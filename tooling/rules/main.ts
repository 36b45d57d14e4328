// Writes the page of rules and tests; prints each fault and exits 1 when there is one.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../scripts/process.ts'
import { ruleFaults } from './check.ts'
import { pageFile, rulesPage } from './page.ts'
import { readRuleState } from './read.ts'

const state = readRuleState(root)
writeFileSync(join(root, pageFile), rulesPage(state))
const faults = ruleFaults(state)
for (const fault of faults) console.log(fault)
const { length: rules } = state.registry.rules
console.log(`${rules} rules, ${state.notTestedYet.length} not tested yet, ${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1
