import { defineAgent, defineTool } from '@belay/core'
import { bash, edit, glob, grep, list, read, write } from '@belay/core/tools'
import { z } from 'zod'
import { runTests } from './run-tests.ts'

/**
 * `idempotent`, and not `once` like `bash`: without a network tests change nothing but the files, and a run that goes on
 * has these as they were. So tests that were killed are run again, and the model need not be asked what to do.
 */
const testTool = defineTool({
  name: 'run_tests',
  description: 'Run the tests. The result says whether they passed, and what they wrote.',
  input: z.strictObject({ command: z.string().min(1).max(1_000) }),
  output: z.object({ passed: z.boolean(), output: z.string() }),
  effect: 'idempotent',
  workspace: 'write',
  execute: ({ command }, { sandbox }) => runTests(sandbox, command),
})

/**
 * Repairs code until its tests pass. Nobody is asked before it writes or executes: whatever it does stays in a sandbox
 * without a network, on a copy of the files.
 */
export const fixer = defineAgent({
  name: 'fixer',
  model: 'fixer',
  input: z.object({ command: z.string(), failure: z.string() }),
  instructions:
    'You repair code in /workspace so that its tests pass. Run the tests with run_tests and the command that you are given. Change the code and never the tests. Make one small change at a time, run the tests after it, and take back what does not help. Say at the end what you changed and why.',
  prompt: ({ command, failure }) =>
    `Test command: ${command}\n\nThe tests fail with:\n\n${failure}\n\nRepair the code.`,
  tools: [list, glob, grep, read, write, edit, bash, testTool],
  permissions: { write: 'allow', edit: 'allow', bash: 'allow' },
  maxSteps: 80,
})
