import type { StepSandbox } from '@belay/core'
import { ExecError } from '@belay/core/ports'

export interface TestRun {
  readonly passed: boolean
  /** What the command wrote; the end of it, when it is long. */
  readonly output: string
}

const [timeoutMs, keptCharacters] = [120_000, 8_000]

/** Runs the tests in the sandbox. A command that hangs or is ended has not passed. */
export async function runTests(sandbox: StepSandbox, command: string): Promise<TestRun> {
  try {
    const result = await sandbox.exec('sh', { args: ['-c', command], timeoutMs })
    return { passed: result.exitCode === 0, output: textOf(result.stdout, result.stderr) }
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    return { passed: false, output: `${error.message}\n${textOf(error.output.stdout, error.output.stderr)}` }
  }
}

function textOf(...streams: readonly Uint8Array[]): string {
  const text = streams.map((bytes) => new TextDecoder().decode(bytes)).join('\n')
  return text.slice(-keptCharacters).toWellFormed().trim()
}
