/**
 * Runs a reduced sweep over a build of core and prints the first failure as JSON. A process of its own: the build
 * is a changed one, and what it does wrong must not reach the tests.
 */
import { pathToFileURL } from 'node:url'
import { loadCore } from './core.ts'
import { plantChange } from './planted.ts'
import { sweep, type SweepSize } from './sweep.ts'
import { workflows } from './workflows/index.ts'

/** What to run: names of workflows, or of planted changes with `planted:` before them. */
export interface MutantJob extends SweepSize {
  readonly folder: string
  readonly workflows: readonly string[]
}

/** What it found. */
export interface MutantReport {
  readonly schedules: number
  readonly failure?: { readonly workflow: string; readonly message: string; readonly schedule?: unknown }
}

async function run(job: MutantJob): Promise<MutantReport> {
  const core = await loadCore(pathToFileURL(`${job.folder}/`), 'js')
  let schedules = 0
  for (const name of job.workflows) {
    if (name.startsWith('planted:')) {
      const { diverged, wentOn, errors } = await plantChange(core, name.slice('planted:'.length), 2)
      schedules += diverged + wentOn
      const [message] = errors
      if (message !== undefined)
        return { schedules, failure: { workflow: name, message: message.slice(0, 300) } }
      continue
    }
    const workflow = workflows[name]
    if (workflow === undefined) throw new TypeError(`There is no workflow ${name}.`)
    const report = await sweep(core, workflow, job, true)
    schedules += report.totals.schedules
    const [failure] = report.failures
    if (failure !== undefined) {
      const { message, schedule } = failure
      return { schedules, failure: { workflow: name, message: message.slice(0, 300), schedule } }
    }
  }
  return { schedules }
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2] ?? ''))))
