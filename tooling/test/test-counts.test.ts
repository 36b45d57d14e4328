import { expect, test } from 'vitest'
import { countTests } from '../scripts/test-counts.ts'

const passed = { status: 'passed', assertionResults: [{ status: 'passed' }] }

test('counts what passed and failed', () => {
  const failed = { status: 'failed', assertionResults: [{ status: 'failed' }] }
  const report = { numPassedTests: 1, numFailedTests: 1, testResults: [passed, failed] }
  expect(countTests(report, 1)).toEqual({ passed: 1, failed: 1 })
})

test('a file that cannot be loaded is a failure', () => {
  const report = {
    numPassedTests: 1,
    numFailedTests: 0,
    testResults: [passed, { status: 'failed', assertionResults: [] }],
  }
  expect(countTests(report, 1)).toEqual({ passed: 1, failed: 1 })
})

test('an error outside of every test is a failure', () => {
  expect(countTests({ numPassedTests: 1, numFailedTests: 0, testResults: [passed] }, 1)).toEqual({
    passed: 1,
    failed: 1,
  })
})

test('no report and no test are failures', () => {
  expect(countTests({ numPassedTests: 0, numFailedTests: 0, testResults: [] }, 0)).toEqual({
    passed: 0,
    failed: 1,
  })
  expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1 })
})
