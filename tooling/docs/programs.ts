import { spawn } from 'node:child_process'
import { basename, dirname, join } from 'node:path'
import type { Snippet } from './snippets.ts'

/** A program that hangs is a fault of the page. */
const longestMs = 20_000

interface Execution {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts a program in its folder; with `killAt` it is killed as soon as it prints that. */
function execute(file: string, killAt?: string): Promise<Execution> {
  return new Promise((resolve, reject) => {
    const { OPENAI_API_KEY: _key, NODE_OPTIONS: _options, ...env } = process.env
    const child = spawn(process.execPath, [basename(file)], {
      cwd: dirname(file),
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: longestMs,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (killAt !== undefined && stdout.includes(killAt)) child.kill('SIGKILL')
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/**
 * Runs a program as its flags say: `run` once, `run=twice` a second time in the same folder, `kill=<text>` killed
 * when it prints the text and then started again; `after=<file>` starts that file of the page before it. The last execution has to exit with 0, and each has to print what
 * the page says.
 */
export async function programFaults(
  folder: string,
  { page, block, file, outputs }: Snippet,
): Promise<string[]> {
  const at = `${page}:${block.line}`
  const killAt = block.flags.get('kill')
  const path = join(folder, file)
  const executions: Execution[] = []
  const before = block.flags.get('after')
  const first = before === undefined ? undefined : await execute(join(dirname(path), before))
  if (killAt !== undefined) executions.push(await execute(path, killAt))
  if (block.flags.get('run') === 'twice') executions.push(await execute(path))
  executions.push(await execute(path))
  const faults: string[] = []
  if (first !== undefined && first.code !== 0)
    faults.push(`${at}: ${String(before)} ended with ${first.stderr}`)
  const last = executions.at(-1)
  if (last?.code !== 0) faults.push(`${at}: ended with ${String(last?.code)}: ${last?.stderr ?? ''}`)
  if (killAt !== undefined && executions[0]?.stdout.includes(killAt) !== true)
    faults.push(`${at}: never printed "${killAt}"`)
  outputs.forEach((expected, index) => {
    const printed = executions[index]?.stdout
    if (printed?.trimEnd() === expected.trimEnd()) return
    faults.push(`${at}: execution ${index + 1} printed\n${printed ?? 'nothing'}\ninstead of\n${expected}`)
  })
  return faults
}
