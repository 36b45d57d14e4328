import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js')
const folder = fileURLToPath(new URL('.', import.meta.url))

/** Strict, as a user's project is; nothing of this repository's own configuration. */
const options = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--exactOptionalPropertyTypes',
  '--noUncheckedIndexedAccess',
  '--skipLibCheck',
  ...['--target', 'es2024', '--module', 'nodenext', '--types', 'node', '--pretty', 'false'],
]

/** What the compiler said of one file. */
export interface Compiled {
  readonly errors: readonly string[]
  /** How many types it instantiated: the cost of the types of a program. */
  readonly instantiations: number
  readonly types: number
}

/** Compiles a file of this folder by itself against the packages as they are published. */
export function compile(file: string): Promise<Compiled> {
  return new Promise((resolve) => {
    const args = [compiler, ...options, '--extendedDiagnostics', file]
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 10_000_000 }, (_error, output) => {
      const count = (name: string): number =>
        Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(output)?.[1] ?? Number.NaN)
      resolve({
        errors: output.split('\n').filter((line) => / error TS\d+: /.test(line)),
        instantiations: count('Instantiations'),
        types: count('Types'),
      })
    })
  })
}
