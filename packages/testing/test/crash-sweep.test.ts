import assert from 'node:assert/strict'
import { test } from 'vitest'
import { crashSweep } from '../src/faults/crash-sweep.ts'
import type { SweepReport } from '../src/faults/sweep-scenario.ts'
import { toyRun } from './toy-run.ts'

const problemsOf = ({ violations }: SweepReport): string => violations.map((each) => each.problem).join('\n')

test('a scenario that keeps the promise passes at every boundary', async () => {
  const lines: string[] = []
  const report = await crashSweep(toyRun(), { print: (line) => lines.push(line) })
  assert.deepEqual(report.violations, [])
  // acquire, two pages of the journal, three steps and the outcome
  assert.equal(report.boundaries, 12)
  assert.equal(report.crashes, 12)
  assert.equal(report.runs, 1 + 2 * 12)
  assert.deepEqual(lines, ['toy: seed 1, 12 boundaries, 25 runs, 12 kills, 0 violations'])
})

test('a second crash during recovery keeps the promise too, and a seed repeats', async () => {
  const report = await crashSweep(toyRun(), { again: true, seed: 7 })
  assert.deepEqual(report.violations, [])
  assert.ok(report.crashes > 24, `${report.crashes} kills`)
  assert.deepEqual(await crashSweep(toyRun(), { again: true, seed: 7 }), report)
})

test('a step that runs again although its result was recorded is a violation', async () => {
  const report = await crashSweep(toyRun({ forgetsResults: true }))
  assert.match(problemsOf(report), /a ran again in attempt 2 although its result was recorded/)
  assert.deepEqual(report.violations[0]?.crashes.length, 1)
})

test('a second outcome is a violation', async () => {
  assert.match(problemsOf(await crashSweep(toyRun({ finishesAgain: true }))), /run\/toy: 2 final outcomes/)
})

test('another output is a violation', async () => {
  assert.match(
    problemsOf(await crashSweep(toyRun({ countsAttempts: true }))),
    /the output is \[1,2,3,2\] instead of \[1,2,3,1\]/,
  )
})

test('a scenario that never ends is a violation, not a sweep that hangs', async () => {
  const hanging = { ...toyRun(), run: () => new Promise<never>(() => {}) }
  assert.match(
    problemsOf(await crashSweep(hanging, { ceilingMs: 50 })),
    /attempt 1 failed: No end within 50 ms/,
  )
})

test('a scenario that fails by itself, and a check that throws, are violations', async () => {
  const failing = { ...toyRun(), run: () => Promise.reject(new Error('broken')) }
  assert.match(problemsOf(await crashSweep(failing)), /attempt 1 failed: broken/)
  const checking = {
    ...toyRun(),
    check: () => {
      throw new Error('something else is wrong')
    },
  }
  assert.match(problemsOf(await crashSweep(checking)), /something else is wrong/)
})

test('a sweep stops after the violations that it may have', async () => {
  const report = await crashSweep(toyRun({ countsAttempts: true }), { maxViolations: 1 })
  assert.ok(report.boundaries < 12)
})
