import { defineWorkflow } from '@belay/core'
import { fixer } from './agent.ts'
import { runTests } from './run-tests.ts'
import { repairInput, repairOutput, type ChangedFile } from './schemas.ts'
import { readSources, type SourceFile } from './source-files.ts'

/**
 * Tests, repairs, tests again. Each step that changes a file is recorded together with a snapshot of the files, so a run
 * that is killed goes on with the files as they were after its last recorded step.
 */
export const repairWorkflow = defineWorkflow({
  name: 'repair',
  input: repairInput,
  output: repairOutput,
  agents: { fixer },
  run: async (ctx, { command }) => {
    const test = (name: string) =>
      ctx.step(name, ({ sandbox }) => runTests(sandbox, command), { workspace: 'write' })
    const survey = (name: string) =>
      ctx.step(name, ({ sandbox }) => readSources(sandbox), { workspace: 'read', effect: 'read' })
    const before = await test('test-before')
    if (before.passed) return { passed: true, changes: [], report: 'The tests pass already.' }
    const original = await survey('survey')
    const report = await ctx.agents.fixer({ command, failure: before.output })
    const { passed } = await test('test-after')
    return { passed, changes: changesBetween(original, await survey('changes')), report }
  },
})

function changesBetween(before: readonly SourceFile[], after: readonly SourceFile[]): ChangedFile[] {
  const old = new Map(before.map(({ path, text }) => [path, text]))
  const changed = after
    .filter(({ path, text }) => old.get(path) !== text)
    .map(({ path, text }) => ({ path, before: old.get(path) ?? '', after: text }))
  const kept = new Set(after.map(({ path }) => path))
  const removed = before.filter(({ path }) => !kept.has(path))
  return [...changed, ...removed.map(({ path, text }) => ({ path, before: text, after: '' }))]
}
