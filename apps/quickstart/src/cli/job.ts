import type { Budget } from '@belay/core'
import { createHash } from 'node:crypto'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { systemCode } from '../documents/document-error.ts'
import type { DocumentPlace } from '../documents/document-place.ts'
import type { Arguments } from './arguments.ts'
import { budgetText, pricesText } from './budget-options.ts'
import { defaultDocuments, defaultQuestion } from './default-job.ts'
import { UsageError } from './usage-error.ts'

/** One run as it is asked for, with every path absolute. */
export interface Job {
  readonly runId: string
  readonly folder: string
  readonly question: string
  readonly out: string
  readonly db: string
  readonly place: DocumentPlace
  readonly budget: Budget | undefined
  /** Somebody is asked before the report is written. */
  readonly ask: boolean
}

const defaultOut = 'belay-report'
const defaultDatabase = 'runs.db'

/** Where the report and the database of a command line are. */
export function placesOf(args: Arguments, cwd: string): { readonly out: string; readonly db: string } {
  const out = resolve(cwd, args.out ?? defaultOut)
  return { out, db: resolve(cwd, args.db ?? join(out, defaultDatabase)) }
}

/** Completes what was typed. Throws `UsageError` for a folder that cannot be used. */
export function jobOf(args: Arguments, cwd: string, now: () => number): Job {
  const { out, db } = placesOf(args, cwd)
  const documents = args.folder === undefined ? defaultDocuments() : { folder: resolve(cwd, args.folder) }
  const folder = realFolder(documents.folder, args.folder ?? documents.folder)
  const question = args.question ?? defaultQuestion
  const place: DocumentPlace = {
    root: folder,
    include: 'include' in documents ? [...documents.include] : null,
    exclude: [out, ...databaseFiles(db), workspacesOf(db)].flatMap((path) => inside(folder, path)),
  }
  return {
    runId: args.run ?? newRunId(folder, question, now()),
    folder,
    question,
    out,
    db,
    place,
    budget: args.budget,
    ask: args.ask,
  }
}

/** The command that goes on with a run: the id finds the rest in the database. */
export function resumeCommand(
  runId: string,
  args: Arguments,
  program: readonly string[],
  extend?: Budget,
): string {
  const options = [
    ...(extend === undefined ? [] : ['--extend', budgetText(extend)]),
    ...(args.prices === undefined ? [] : ['--prices', pricesText(args.prices)]),
    ...(args.out === undefined ? [] : ['--out', args.out]),
    ...(args.db === undefined ? [] : ['--db', args.db]),
  ]
  return [...program, '--run', runId, ...options].map(quoted).join(' ')
}

function newRunId(folder: string, question: string, now: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([folder, question, now, process.pid]))
    .digest('hex')
  return `research-${hash.slice(0, 8)}`
}

function realFolder(path: string, typed: string): string {
  try {
    const real = realpathSync(path)
    if (statSync(real).isDirectory()) return real
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') throw new UsageError(`There is no folder ${typed}.`)
    if (code !== 'ENOTDIR')
      throw new UsageError(`The folder ${typed} cannot be read (${code ?? String(error)}).`)
  }
  throw new UsageError(`${typed} is not a folder.`)
}

/** Beside the database: a run that is found there finds its files here. */
export function workspacesOf(db: string): string {
  return join(dirname(db), 'workspaces')
}

/** The database and what SQLite puts beside it. */
function databaseFiles(db: string): string[] {
  return ['', '-wal', '-shm', '-journal'].map((suffix) => `${db}${suffix}`)
}

/** The path relative to the folder when it is inside. Links above it are resolved, as those of the folder are. */
function inside(folder: string, path: string): string[] {
  let existing = path
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
  const real = existsSync(existing) ? join(realpathSync(existing), relative(existing, path)) : path
  const within = relative(folder, real)
  const isInside = within !== '' && !isAbsolute(within) && within.split(sep)[0] !== '..'
  return isInside ? [within.split(sep).join('/')] : []
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
