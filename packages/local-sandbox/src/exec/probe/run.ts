import { spawnSync } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { IsolationControl } from '@belay/core/ports'
import type { ResolvedPolicy } from '../policy.ts'

/** Something that a command could do although it should not. */
export interface Escape {
  readonly name: string
  readonly control: IsolationControl
  readonly note: string
}

/** What the tries came to. */
export interface ProbeFindings {
  readonly escaped: readonly Escape[]
  readonly notes: readonly string[]
  /** The tries could not be made: what bubblewrap wrote. */
  readonly failure?: string
}

/** What the process that tries is told. */
export interface ProbeRequest {
  readonly policy: ResolvedPolicy
  readonly program: string
}

/** Generous for a machine under load; a try that hangs is a failure. */
const timeoutMs = 30_000

/**
 * Tries the isolation by the very code that runs commands, in a process of its own, because a caller that constructs an adapter cannot
 * wait and the tries need somebody to connect to.
 */
export function runProbe(policy: ResolvedPolicy, program: string): ProbeFindings {
  const main = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url))
  const request: ProbeRequest = { policy, program }
  const ran = spawnSync(process.execPath, ['--no-warnings', main], {
    input: JSON.stringify(request),
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    env: {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: process.env['TMPDIR'] ?? '/tmp',
      BELAY_PROBE_CANARY: 'seen',
    },
  })
  try {
    return JSON.parse(ran.stdout) as ProbeFindings
  } catch {
    return { escaped: [], notes: [], failure: `the probe did not answer: ${ran.stderr.slice(-2048)}` }
  }
}
