import type { Budget } from '@belay/core'
import type { Model } from '@belay/core/ports'
import { createView, type Screen } from '../progress/view.ts'
import type { ResearchOutput } from '../research/schemas.ts'
import { researchEffects, type ResearchEffects } from '../research/workflow.ts'
import { parseArguments, type Arguments } from './arguments.ts'
import { chooseModel, type ChosenModel } from './choose-model.ts'
import { failureOf } from './failure-line.ts'
import { help } from './help.ts'
import { jobOf, placesOf, resumeCommand } from './job.ts'
import { outOfBudgetExitCode, outOfBudgetLine, suggestion } from './out-of-budget.ts'
import type { Keyboard } from './question.ts'
import { prepareOutput } from './output-folder.ts'
import { keepsFiles, openResearch, type OpenRun, type Research } from './research-run.ts'
import { settleQuestion } from './settle-question.ts'
import { watchStopSignals } from './stop-signals.ts'
import { exportTraces } from './trace-export.ts'
import { UsageError } from './usage-error.ts'

/** What the quickstart is put together from; each part has a default. */
export interface QuickstartParts {
  readonly args?: readonly string[]
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly stdin?: Keyboard
  readonly stdout?: Screen
  readonly stderr?: Pick<Screen, 'write'>
  /** Default: chosen by the environment. */
  readonly model?: Model
  /** Everything that the workflow does outside models. */
  readonly effects?: ResearchEffects
  /** How the program is called, for the command that goes on. */
  readonly program?: readonly string[]
}

type Io = Required<Omit<QuickstartParts, 'model'>> & Pick<QuickstartParts, 'model'>

/** Runs the command line and gives the exit code. Every failure is one line on stderr. */
export async function runQuickstart(parts: QuickstartParts = {}): Promise<number> {
  const io: Io = {
    args: process.argv.slice(2),
    environment: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    effects: researchEffects,
    program: programOf(process.env, process.argv, process.cwd()),
    ...parts,
  }
  try {
    const args = parseArguments(io.args)
    if (!args.help) return await runResearch(io, args)
    io.stdout.write(help)
    return 0
  } catch (error) {
    const { line, exitCode } = failureOf(error, io.environment)
    io.stderr.write(`${line}\n`)
    return exitCode
  }
}

async function runResearch(io: Io, args: Arguments): Promise<number> {
  const chosen =
    io.model === undefined
      ? chooseModel(io.environment)
      : { model: io.model, announcement: 'using the given model' }
  const places = placesOf(args, io.cwd)
  // Paths are checked before anything is written; a run that is in the database brings its own.
  const job = args.run === undefined || args.folder !== undefined ? jobOf(args, io.cwd, Date.now) : undefined
  const prices = args.prices ?? chosen.prices
  if (args.budget?.costUsd !== undefined && prices === undefined)
    throw new UsageError(
      '--budget usd=… needs --prices in=…,out=…: US dollars per million tokens of the model.',
    )
  prepareOutput(places.out, places.db)
  const traces = exportTraces(args.otel, io.environment)
  const stop = watchStopSignals()
  const research = openResearch({ db: places.db, model: chosen.model, prices, effects: io.effects })
  try {
    const isKnown = args.run !== undefined && (await research.isKnown(args.run))
    if (isKnown && args.budget !== undefined)
      throw new UsageError(`The run ${args.run} has begun: add to its budget with --extend.`)
    if (isKnown && args.run !== undefined && args.out !== undefined)
      await refuseOtherOutput(research, args.run, places.out)
    if (isKnown && args.ask)
      throw new UsageError(`The run ${args.run} has begun: --ask-before-writing is for a new one.`)
    if (args.run !== undefined && args.decision !== undefined) {
      if (!isKnown) throw new UsageError(`There is no run ${args.run} in ${places.db}.`)
      await answer(research, args.run, args.decision)
    }
    if (args.run !== undefined && args.extend !== undefined) await research.extend(args.run, args.extend)
    const goesOnById = isKnown && args.folder === undefined && args.question === undefined
    const run =
      goesOnById && args.run !== undefined
        ? await research.goOn(args.run)
        : await research.start(job ?? jobOf(args, io.cwd, Date.now))
    return await follow({ io, args, chosen, research, run, stop })
  } finally {
    stop.close()
    await research.close()
    const lost = await traces?.close()
    if (lost !== undefined) io.stderr.write(`${lost}\n`)
  }
}

async function answer(research: Research, runId: string, decision: 'allow' | 'deny'): Promise<void> {
  if (await research.answer(runId, decision)) return
  throw new UsageError(`The run ${runId} asks nothing: leave --approve and --deny out.`)
}

/** A run writes where it was told to when it began; to go on with it elsewhere would look as if nothing came of it. */
async function refuseOtherOutput(research: Research, runId: string, out: string): Promise<void> {
  const begun = await research.outOf(runId)
  if (begun === out) return
  throw new UsageError(
    `The run ${runId} writes its report to ${begun}, not to ${out}: leave --out out, or choose another --run.`,
  )
}

interface Following {
  readonly io: Io
  readonly args: Arguments
  readonly chosen: ChosenModel
  readonly research: Research
  readonly run: OpenRun
  readonly stop: ReturnType<typeof watchStopSignals>
}

async function follow({ io, args, chosen, research, run, stop }: Following): Promise<number> {
  const command = resumeCommand(run.id, args, io.program)
  io.stdout.write(`${introduction(run, chosen, command).join('\n')}\n`)
  const view = run.isFinished ? undefined : createView(io.stdout, io.environment)
  const watching = watchEvents(run, view)
  try {
    const outcome = await Promise.race([
      run.result.then((output) => ({ output })),
      stop.asked.then((exitCode) => ({ exitCode })),
      watching.outOfBudget.then((needs) => ({ needs })),
      watching.asking.then(() => ({ asking: true as const })),
    ])
    if ('asking' in outcome) {
      view?.end()
      const exitCode = await settleQuestion({ io, research, run, stop }, command)
      return exitCode ?? reportOn(io, await run.result)
    }
    if ('needs' in outcome) {
      const report = await research.budgetOf(run.id)
      await research.close()
      view?.end()
      const out = { report, needs: outcome.needs }
      io.stdout.write(`${outOfBudgetLine(out, resumeCommand(run.id, args, io.program, suggestion(out)))}\n`)
      return outOfBudgetExitCode
    }
    if ('exitCode' in outcome) {
      await research.close()
      view?.end()
      io.stdout.write(`stopped; what is recorded stays. Go on with: ${command}\n`)
      return outcome.exitCode
    }
    await watching.ended
    view?.end()
    return reportOn(io, outcome.output)
  } finally {
    view?.end()
  }
}

function reportOn(io: Io, { report, title, summary, claims, removed }: ResearchOutput): number {
  const lines = [
    '',
    title,
    '',
    summary,
    '',
    `${claims} claims with citations, ${removed} removed by verification`,
    `report: ${report}`,
  ]
  io.stdout.write(`${lines.join('\n')}\n`)
  return 0
}

function introduction(run: OpenRun, { announcement }: ChosenModel, command: string): string[] {
  const recorded = `${run.recorded} step${run.recorded === 1 ? '' : 's'} recorded`
  if (run.isFinished) return [`run ${run.id} is finished: ${recorded}, nothing is executed`]
  const first = run.isNew ? `run ${run.id}` : `going on with run ${run.id}: ${recorded}`
  return [announcement, first, ...(run.isNew ? [ifInterrupted(command)] : [])]
}

function ifInterrupted(command: string): string {
  return keepsFiles
    ? `if it is interrupted, go on with: ${command}`
    : 'the copy of the documents is in memory on this system: an interrupted run cannot go on (on Linux it can)'
}

/** Shows what happens, and says when the run stops here for want of a budget, with what its calls lack. */
function watchEvents(
  run: OpenRun,
  view: ReturnType<typeof createView> | undefined,
): {
  readonly ended: Promise<void>
  readonly outOfBudget: Promise<readonly Budget[]>
  readonly asking: Promise<void>
} {
  const asking = Promise.withResolvers<void>()
  const out = Promise.withResolvers<readonly Budget[]>()
  const show = async (): Promise<void> => {
    if (view === undefined) return
    let isNew = run.isNew
    for await (const event of run.events()) {
      if (event.type === 'run.resumed' && event.attempt >= run.attempt) isNew = true
      view.show(event, isNew)
      if (isNew && event.type === 'run.suspended' && event.reason === 'budget/exhausted')
        out.resolve((event.parked ?? []).flatMap(({ needs }) => needs ?? []))
      if (isNew && event.type === 'run.suspended' && event.approvals !== undefined) asking.resolve()
    }
  }
  return { ended: show(), outOfBudget: out.promise, asking: asking.promise }
}

/** How somebody called this, so that the command that goes on can be typed in the same place. */
function programOf(
  environment: Readonly<Record<string, string | undefined>>,
  argv: readonly string[],
  cwd: string,
): string[] {
  if (environment['npm_lifecycle_event'] === 'start') return ['npm', 'start', '--']
  const file = argv[1] ?? 'apps/quickstart/dist/main.js'
  return ['node', file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file]
}
