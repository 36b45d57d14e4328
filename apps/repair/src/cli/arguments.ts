import { parseArgs } from 'node:util'

/** What was typed. */
export interface Arguments {
  readonly help: boolean
  /** Absent: the sample. */
  readonly folder: string | undefined
  readonly command: string
  readonly run: string | undefined
  readonly out: string
}

export const helpText = `Repairs the code of a folder until its tests pass, on a copy in a sandbox.

usage: repair [folder] [options]

  --test <command>   runs the tests; exit code 0 means that they pass (default: node --test)
  --run <id>         names the run; a run that was stopped or killed goes on with its id
  --out <dir>        where runs, workspaces and repaired files are kept (default: ./belay-repair)
  --help

Without a folder a small package with two mistakes is repaired. OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL choose
a model as in the quickstart; without them the program searches for small changes by itself.
`

/** Reads the command line. Throws an error with one sentence. */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      test: { type: 'string' },
      run: { type: 'string' },
      out: { type: 'string' },
    },
  })
  const { help = false, test = 'node --test', run, out = 'belay-repair' } = values
  if (positionals.length > 1) throw new Error(`Too many arguments: ${positionals.join(' ')}. See --help.`)
  if (test.trim() === '') throw new Error('--test is empty.')
  if (run !== undefined && !/^[A-Za-z0-9_.:-]{1,128}$/.test(run))
    throw new Error(`The run id ${JSON.stringify(run)} is not valid: use 1 to 128 of A-Z a-z 0-9 _ . : -`)
  return { help, folder: positionals[0], command: test, run, out }
}
