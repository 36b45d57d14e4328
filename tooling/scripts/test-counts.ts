export interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

/**
 * A file that cannot be loaded has no failed test in it, and an unhandled error belongs to none; both
 * still count as one failure, so that "0 failed" is never printed for a run that was not clean.
 */
export function countTests(
  report: VitestReport | undefined,
  exitCode: number,
): { passed: number; failed: number } {
  // A run without a single test has tested nothing, whatever its exit code says.
  if (report === undefined || report.testResults.length === 0) return { passed: 0, failed: 1 }
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = report.numFailedTests + brokenFiles.length
  return { passed: report.numPassedTests, failed: exitCode === 0 ? failed : Math.max(failed, 1) }
}
