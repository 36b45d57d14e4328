import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'

/** The program as users start it. */
export const mainFile = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** The same with a witness of each effect. */
export const fixtureFile = fileURLToPath(new URL('../fixture-main.ts', import.meta.url))

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly file?: string
  readonly uid?: number
  /** Whether descriptor 3 is a pipe. */
  readonly hasWitnessPipe?: boolean
}

export interface StartedQuickstart {
  readonly child: ChildProcess
  readonly exit: Promise<Exit>
}

/** Starts it with a clean environment: no key of the machine reaches a test. */
export function startQuickstart(args: readonly string[], options: StartOptions): StartedQuickstart {
  const { cwd, env = {}, file = mainFile, uid, hasWitnessPipe = false } = options
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', hasWitnessPipe ? 'pipe' : 'ignore'],
    ...(uid !== undefined && { uid }),
  })
  const ended = new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve([code, signal]))
  })
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => (stream === null ? '' : text(stream)))
  const exit = (async (): Promise<Exit> => {
    const [code, signal] = await ended
    return { code, signal, stdout: (await stdout) ?? '', stderr: (await stderr) ?? '' }
  })()
  return { child, exit }
}

export function runQuickstartProcess(args: readonly string[], options: StartOptions): Promise<Exit> {
  return startQuickstart(args, options).exit
}
