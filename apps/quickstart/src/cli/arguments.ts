import { parseArgs } from 'node:util'
import type { Budget, TokenPrices } from '@belay/core'
import { parseBudget, parsePrices } from './budget-options.ts'
import { UsageError } from './usage-error.ts'

/** What was typed. */
export interface Arguments {
  readonly help: boolean
  /** Exports traces. */
  readonly otel: boolean
  readonly folder: string | undefined
  readonly question: string | undefined
  readonly run: string | undefined
  readonly out: string | undefined
  readonly db: string | undefined
  /** What a new run may spend. */
  readonly budget: Budget | undefined
  /** What is added to the budget of a run. */
  readonly extend: Budget | undefined
  readonly prices: TokenPrices | undefined
  /** Somebody is asked before the report is written. */
  readonly ask: boolean
  /** The answer to what a run asks. */
  readonly decision: 'allow' | 'deny' | undefined
}

/** What `durable: { runId }` takes. */
const runIdPattern = /^[A-Za-z0-9_.:-]{1,128}$/

/** Reads the command line. Throws `UsageError`. */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args)
  const [folder, question, ...more] = positionals
  if (more.length > 0) {
    throw new UsageError(
      `Too many arguments: ${more.map((each) => JSON.stringify(each)).join(' ')}. Put the question in quotes.`,
    )
  }
  if (question !== undefined && question.trim() === '') throw new UsageError('The question is empty.')
  if (question !== undefined && question.length > 2_000)
    throw new UsageError('The question has more than 2,000 characters.')
  const { run, out, db, help = false, otel = false } = values
  if (run !== undefined && !runIdPattern.test(run)) {
    throw new UsageError(
      `The run id ${JSON.stringify(run)} is not valid: use 1 to 128 of A-Z a-z 0-9 _ . : -`,
    )
  }
  for (const [name, value] of Object.entries({ folder, out, db })) {
    if (value === '' || value?.includes('\0') === true) throw new UsageError(`The ${name} is not a path.`)
  }
  const { approve = false, deny = false } = values
  if (approve && deny) throw new UsageError('Give --approve or --deny, not both.')
  if ((approve || deny) && run === undefined)
    throw new UsageError('--approve and --deny answer what a run asks: name it with --run.')
  if (values.extend !== undefined && run === undefined)
    throw new UsageError('--extend adds to the budget of a run: name it with --run.')
  if (values.extend !== undefined && values.budget !== undefined)
    throw new UsageError('--budget is for a new run and --extend for one that has begun: give one of them.')
  return {
    help,
    otel,
    folder,
    question: question?.trim(),
    run,
    out,
    db,
    budget: values.budget === undefined ? undefined : parseBudget('--budget', values.budget),
    extend: values.extend === undefined ? undefined : parseBudget('--extend', values.extend),
    prices: values.prices === undefined ? undefined : parsePrices(values.prices),
    ask: values['ask-before-writing'] ?? false,
    decision: approve ? 'allow' : deny ? 'deny' : undefined,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        otel: { type: 'boolean' },
        run: { type: 'string' },
        out: { type: 'string' },
        db: { type: 'string' },
        budget: { type: 'string' },
        extend: { type: 'string' },
        prices: { type: 'string' },
        'ask-before-writing': { type: 'boolean' },
        approve: { type: 'boolean' },
        deny: { type: 'boolean' },
      },
    })
  } catch (error) {
    const message = error instanceof Error ? (error.message.split(/\.\s|\n/)[0] ?? '') : String(error)
    throw new UsageError(`${message}. See --help.`)
  }
}
