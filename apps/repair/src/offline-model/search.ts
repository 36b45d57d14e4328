import type { Json, JsonObject, ModelRequest } from '@belay/core/ports'
import { answeredCalls, labelled, type AnsweredCall } from './conversation.ts'
import { mutationsOf, type Mutation } from './mutations.ts'

/** What the model says next: calls of tools, or its answer. */
export type Thought =
  | { readonly calls: readonly { readonly name: string; readonly arguments: JsonObject }[] }
  | { readonly text: string }

/** Where the code is, and not its tests. */
const sources = '**/*.{js,mjs,cjs,ts}'
const isSource = (path: string): boolean =>
  !/(^|\/)(test|tests|node_modules|\.[^/]+)\/|\.test\.\w+$/.test(path)

/**
 * Repair by search: change one operator or number, run the tests, keep what makes fewer of them fail, take back the
 * rest. What was tried is read from the conversation, so that the model needs no memory of its own.
 */
export function nextThought(request: ModelRequest): Thought {
  const command = labelled(request, 'Test command') ?? 'npm test'
  const test = { name: 'run_tests', arguments: { command } }
  const answered = answeredCalls(request)
  const found = answered.find(({ name }) => name === 'glob')
  if (found === undefined) return { calls: [test, { name: 'glob', arguments: { pattern: sources } }] }
  const reads = answered.filter(({ name }) => name === 'read')
  const paths = found.text.split('\n').filter((path) => path.startsWith('/') && isSource(path))
  if (paths.length === 0) return { text: 'There is no source file that I could repair.' }
  if (reads.length === 0) return { calls: paths.map((path) => ({ name: 'read', arguments: { path } })) }
  return nextTry({ test, answered, files: new Map(reads.map(fileOf)) })
}

interface Search {
  readonly test: { readonly name: string; readonly arguments: JsonObject }
  readonly answered: readonly AnsweredCall[]
  readonly files: Map<string, string>
}

function nextTry({ test, answered, files }: Search): Thought {
  const tries = triesOf(answered, files)
  const { kept, refused, failing, standing } = tries
  if (failing === 0) return { text: reportOf(kept) }
  const next = [...files]
    .flatMap(([path, text]) => mutationsOf(path, text))
    .find((each) => !refused.has(keyOf(each)))
  const edits = [standing === undefined ? [] : [reversed(standing)], next === undefined ? [] : [next]].flat()
  if (edits.length === 0) return { text: `${reportOf(kept)}\nSome tests still fail.` }
  const calls = edits.map((each) => ({ name: 'edit', arguments: { ...each } }))
  return { calls: next === undefined ? calls : [...calls, test] }
}

interface Tries {
  readonly kept: readonly Mutation[]
  readonly refused: ReadonlySet<string>
  readonly failing: number
  /** It did not help and is still in the file. */
  readonly standing: Mutation | undefined
}

/** What became of each change so far; those that are kept are made in `files` as well. */
function triesOf(answered: readonly AnsweredCall[], files: Map<string, string>): Tries {
  const kept: Mutation[] = []
  const refused = new Set<string>()
  let failing = Infinity
  let standing: Mutation | undefined
  let tried: Mutation | undefined
  for (const call of answered) {
    if (call.name === 'edit') {
      const mutation = mutationOf(call.arguments)
      if (standing !== undefined && keyOf(mutation) === keyOf(reversed(standing))) standing = undefined
      else tried = mutation
    }
    if (call.name !== 'run_tests') continue
    const failures = failuresOf(call.text)
    if (tried !== undefined && failures < failing) {
      const { path, find, replace } = tried
      kept.push(tried)
      files.set(
        path,
        (files.get(path) ?? '').replace(find, () => replace),
      )
    } else if (tried !== undefined) {
      refused.add(keyOf(tried))
      standing = tried
    }
    tried = undefined
    failing = Math.min(failing, failures)
  }
  return { kept, refused, failing, standing }
}

/** How many tests fail, as the common runners say it; more than anything where they do not. */
function failuresOf(text: string): number {
  if (text.includes('"passed":true')) return 0
  const said = /\bfail(?:ed|ing|ures)?:? (\d+)|(\d+) (?:fail(?:ed|ing|ures))/i.exec(text)
  return said === null ? 1_000_000 : Number(said[1] ?? said[2])
}

/** The path and the text of a file that was read, without the numbers of its lines. */
function fileOf({ arguments: { path }, text }: AnsweredCall): readonly [string, string] {
  return [wordOf(path), text.replace(/^\d+\t/gm, '')]
}

function mutationOf({ path, find, replace }: JsonObject): Mutation {
  return { path: wordOf(path), find: wordOf(find), replace: wordOf(replace) }
}

const wordOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const reversed = ({ path, find, replace }: Mutation): Mutation => ({ path, find: replace, replace: find })

const keyOf = ({ path, find, replace }: Mutation): string => JSON.stringify([path, find, replace])

function reportOf(kept: readonly Mutation[]): string {
  if (kept.length === 0) return 'I changed nothing.'
  const lines = kept.map(
    ({ path, find, replace }) => `- ${path}: \`${find.trim()}\` became \`${replace.trim()}\``,
  )
  return `Fewer tests fail with each of these changes:\n${lines.join('\n')}\n`
}
