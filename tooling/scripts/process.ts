import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

const require = createRequire(join(root, 'package.json'))

/** The script behind a tool's command, so that it runs on this very node and needs no shell. */
export function toolScript(packageName: string, command: string): string {
  const manifest = join(root, 'node_modules', packageName, 'package.json')
  const { bin } = require(manifest) as { bin: string | Record<string, string> }
  const script = typeof bin === 'string' ? bin : bin[command]
  if (script === undefined) throw new TypeError(`${packageName} has no command ${command}`)
  return join(dirname(manifest), script)
}

export interface Finished {
  readonly code: number
  readonly output: string
}

/** Runs a node script; `capture` keeps its output for the caller instead of showing it. */
export function runNode(
  args: readonly string[],
  options: { capture?: boolean; cwd?: string } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: options.cwd ?? root,
      stdio: options.capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    })
    const chunks: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }),
    )
  })
}
