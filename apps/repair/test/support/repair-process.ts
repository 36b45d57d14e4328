import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lines: readonly string[]
  readonly stderr: string
}

/** Runs the program; `onLine` may kill it. */
export async function runProgram(
  args: readonly string[],
  onLine: (count: number, kill: () => void) => void = () => undefined,
): Promise<Ended> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    onLine(lines.length, () => child.kill('SIGKILL'))
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (...end) => resolve(end))
  })
  return { code, signal, lines, stderr }
}
