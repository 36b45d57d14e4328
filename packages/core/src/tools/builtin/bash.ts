import { z } from 'zod'
import type { StepSandbox } from '../../define/sandbox.ts'
import { defineTool } from '../../define/tool.ts'
import {
  ExecError,
  isCodedError,
  type ExecOptions,
  type ExecOutput,
  type ExecResult,
} from '../../ports/index.ts'
import { boundText, resultLimit } from './bounded-text.ts'

/** Of each stream; most of it is cut for the model anyway. */
const outputLimit = 1_048_576

/** What a command may take at most, and what it may take unless the model says otherwise. */
const [longestMs, defaultMs] = [600_000, 120_000]

/**
 * Runs a shell command in the sandbox. Asks by default. `once`: its files are those of the last recorded step when
 * a run goes on, but a sandbox may let commands reach a network, and what they have done there cannot be taken back.
 * The model is told that the outcome is unknown and decides.
 */
export const bash = defineTool({
  name: 'bash',
  description:
    'Run a shell command with bash -c, in /workspace. The result has the exit code and what it wrote. Processes that it leaves in the background are ended.',
  input: z.strictObject({
    command: z.string().min(1).max(100_000),
    cwd: z.string().optional().describe('Absolute path of the directory to run in. Default /workspace.'),
    timeoutMs: z.int().min(1).max(longestMs).optional().describe('Milliseconds. Default 120000.'),
  }),
  effect: 'once',
  workspace: 'write',
  permission: 'ask',
  requires: ['sandbox.exec'],
  // The command has a limit of its own, which says so and keeps what was written until then.
  timeoutMs: 0,
  execute: async ({ command, cwd, timeoutMs = defaultMs }, { sandbox }) => {
    try {
      const options = { timeoutMs, maxOutputBytes: outputLimit, ...(cwd !== undefined && { cwd }) }
      const result = await runShell(sandbox, command, options)
      return report(`exit code ${result.exitCode}`, result)
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      return report(endOf(error, timeoutMs), error.output)
    }
  },
})

async function runShell(sandbox: StepSandbox, command: string, options: ExecOptions): Promise<ExecResult> {
  try {
    return await sandbox.exec('bash', { ...options, args: ['-c', command] })
  } catch (error) {
    if (!isCodedError(error, 'sandbox/command') || error.meta['reason'] !== 'not_found') throw error
    return sandbox.exec('sh', { ...options, args: ['-c', command] })
  }
}

function endOf(error: ExecError, timeoutMs: number): string {
  if (error.code === 'sandbox/timeout') return `ended after ${timeoutMs} ms: it took too long`
  const { signal, reason } = error.meta
  if (error.code === 'sandbox/signal') return `ended by ${typeof signal === 'string' ? signal : 'a signal'}`
  if (reason === 'memory') return 'ended: it took too much memory'
  return 'ended: it wrote more than the sandbox allows'
}

function report(end: string, output: ExecOutput): string {
  const parts = [`[${end}]`]
  for (const [name, bytes, truncated] of [
    ['stdout', output.stdout, output.stdoutTruncated],
    ['stderr', output.stderr, output.stderrTruncated],
  ] as const) {
    if (bytes.length === 0) continue
    const text = boundText(new TextDecoder().decode(bytes), resultLimit / 2)
    parts.push(`[${name}${truncated ? `, cut after ${bytes.length} bytes` : ''}]\n${text}`)
  }
  return parts.join('\n')
}
