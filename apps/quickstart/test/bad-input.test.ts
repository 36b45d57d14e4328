import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { harbourDocuments, harbourQuestion, makePlace, writeFiles, type Place } from './support/documents.ts'
import { mainFile, runQuickstartProcess, type Exit } from './support/quickstart-process.ts'

interface BadInput {
  readonly title: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly code: number
  readonly line: RegExp
}

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0])

function harbour(): Place {
  const place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  writeFiles(place.path('pictures'), { 'a.png': png, 'b/c.png': png })
  writeFiles(place.root, {
    'note.txt': 'A note.\n',
    'other.db': 'This is not a database at all.\n'.repeat(200),
  })
  mkdirSync(place.path('empty'))
  return place
}

const cases: readonly BadInput[] = [
  { title: 'no such folder', args: ['nowhere'], code: 2, line: /^There is no folder nowhere\.$/ },
  { title: 'a file instead of a folder', args: ['note.txt'], code: 2, line: /^note\.txt is not a folder\.$/ },
  { title: 'an empty folder', args: ['empty'], code: 1, line: /^The folder .*empty holds no documents\.$/ },
  {
    title: 'binary files only',
    args: ['pictures'],
    code: 1,
    line: /^The folder .*pictures holds no readable text document \(a\.png: left out, it is binary; and 1 more\)\.$/,
  },
  {
    title: 'an answer to a run that does not exist',
    args: ['--run', 'nobody', '--deny'],
    code: 2,
    line: /^There is no run nobody in .*runs\.db\.$/,
  },
  {
    title: 'an endpoint for traces that is no URL',
    args: ['docs', '--run', 'r'],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' },
    code: 2,
    line: /^OTEL_EXPORTER_OTLP_ENDPOINT is not a URL: collector$/,
  },
  {
    title: 'an unknown option',
    args: ['docs', '--fast'],
    code: 2,
    line: /^Unknown option '--fast'\. See --help\.$/,
  },
  { title: 'an option without its value', args: ['docs', '--out'], code: 2, line: /--out.*See --help\.$/ },
  {
    title: 'a question without quotes',
    args: ['docs', 'who', 'opens'],
    code: 2,
    line: /^Too many arguments: "opens"\./,
  },
  { title: 'an empty question', args: ['docs', ' '], code: 2, line: /^The question is empty\.$/ },
  {
    title: 'a run id that cannot be one',
    args: ['docs', '--run', 'a b'],
    code: 2,
    line: /^The run id "a b" is not valid/,
  },
  {
    title: 'an output folder below a file',
    args: ['docs', '--out', 'note.txt/x'],
    code: 1,
    line: /^The output folder .* cannot be written \(ENOTDIR\)\.$/,
  },
  {
    title: 'a file as output folder',
    args: ['docs', '--out', 'note.txt'],
    code: 1,
    line: /^The output folder .* cannot be written \(\w+\)\.$/,
  },
  {
    title: 'an output folder that no system makes',
    args: ['docs', '--out', '/proc/belay'],
    code: 1,
    line: /^The output folder \/proc\/belay cannot be written/,
  },
  {
    title: 'a database that is none',
    args: ['docs', '--db', 'other.db'],
    code: 1,
    line: /^The database of runs cannot be used: .*other\.db \(store\/corrupt\)$/,
  },
  {
    title: 'a base URL without a model',
    args: ['docs'],
    env: { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' },
    code: 2,
    line: /^OPENAI_BASE_URL is set but OPENAI_MODEL is not/,
  },
  {
    title: 'a base URL that is none',
    args: ['docs'],
    env: { OPENAI_BASE_URL: 'localhost', OPENAI_MODEL: 'x' },
    code: 2,
    line: /^OPENAI_BASE_URL is not an http\(s\) URL: "localhost"\.$/,
  },
]

function expectOneLine(
  { code, stderr }: Exit,
  wanted: { readonly code: number; readonly line: RegExp },
): void {
  const lines = stderr.split('\n')
  expect(lines).toHaveLength(2)
  expect(lines[1]).toBe('')
  expect(lines[0]).toMatch(wanted.line)
  expect(code).toBe(wanted.code)
}

test.each(cases)('$title: one line and exit code $code', async ({ args, env, code, line }) => {
  using place = harbour()
  const exit = await runQuickstartProcess(args, { cwd: place.root, ...(env && { env }) })
  expectOneLine(exit, { code, line })
  // What was there is untouched.
  expect(readFileSync(place.path('note.txt'), 'utf8')).toBe('A note.\n')
  expect(readFileSync(place.path('other.db'), 'utf8')).toMatch(/^This is not a database/)
})

test('a database of a newer version is left as it is', async () => {
  using place = harbour()
  const first = await runQuickstartProcess(['docs', harbourQuestion, '--run', 'r'], { cwd: place.root })
  expect(first.code).toBe(0)
  const file = place.path('belay-report', 'runs.db')
  const database = new DatabaseSync(file)
  database.exec('PRAGMA user_version = 999')
  database.close()
  const before = readFileSync(file)
  const exit = await runQuickstartProcess(['docs', harbourQuestion, '--run', 'r'], { cwd: place.root })
  expectOneLine(exit, { code: 1, line: /\(store\/version\)$/ })
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a run id of another question is refused and shows nothing of that run', async () => {
  using place = harbour()
  expect(
    (await runQuickstartProcess(['docs', harbourQuestion, '--run', 'r'], { cwd: place.root })).code,
  ).toBe(0)
  const exit = await runQuickstartProcess(['docs', 'What does rope cost?', '--run', 'r'], { cwd: place.root })
  expectOneLine(exit, { code: 1, line: /run\/conflict/ })
  expect(exit.stdout).toBe('')
})

test('a report that cannot take its place: one line, and the same id goes on when it can', async () => {
  using place = harbour()
  mkdirSync(place.path('belay-report', 'report.md', 'inner'), { recursive: true })
  const args = ['docs', harbourQuestion, '--run', 'r']
  expectOneLine(await runQuickstartProcess(args, { cwd: place.root }), {
    code: 1,
    line: /^The report cannot be written to .*report\.md/,
  })
  rmSync(place.path('belay-report', 'report.md'), { recursive: true })
  const second = await runQuickstartProcess(args, { cwd: place.root })
  expect(second).toMatchObject({ code: 0, stderr: '' })
  expect(existsSync(place.path('belay-report', 'report.md'))).toBe(true)
})

test('a folder of workspaces that cannot be written: one line before anything is paid for', async () => {
  using place = harbour()
  writeFiles(place.path('belay-report'), { workspaces: 'A file.' })
  const exit = await runQuickstartProcess(['docs', harbourQuestion, '--run', 'r'], { cwd: place.root })
  expectOneLine(exit, { code: 1, line: /^The folder of the workspaces .*workspaces cannot be written/ })
  expect(existsSync(place.path('belay-report', 'runs.db'))).toBe(false)
})

test('the copy of the documents is gone: one line, and the run is as it was', async () => {
  using place = harbour()
  const args = ['docs', harbourQuestion, '--run', 'r', '--ask-before-writing']
  expect((await runQuickstartProcess(args, { cwd: place.root })).code).toBe(4)
  const copy = place.path('belay-report', 'workspaces')
  renameSync(copy, place.path('elsewhere'))
  expectOneLine(await runQuickstartProcess(['--run', 'r', '--approve'], { cwd: place.root }), {
    code: 1,
    line: /^The copy of the documents that this run works on is gone.*\(workspace\/missing\)\.$/,
  })
  rmSync(copy, { recursive: true })
  renameSync(place.path('elsewhere'), copy)
  const found = await runQuickstartProcess(['--run', 'r'], { cwd: place.root })
  expect(found).toMatchObject({ code: 0, stderr: '' })
})

test('files that cannot be read and files that are too large are named in the report', async () => {
  using place = harbour()
  const line = 'The harbour is large and ships come at night in fog to the lock.\n'
  writeFiles(place.path('docs'), {
    'secret.md': 'Secret.\n',
    'large.txt': line.repeat(20_000),
    'latin.txt': Uint8Array.from([0xe9, 0x20, 0x61]),
  })
  chmodSync(place.path('docs', 'secret.md'), 0o000)
  chmodSync(place.root, 0o777)
  // Modes do not bind root, so another user runs it then.
  const isRoot = process.getuid?.() === 0
  const exit = await runQuickstartProcess(['docs', harbourQuestion], {
    cwd: place.root,
    ...(isRoot && { uid: 65_534 }),
  })
  expect(exit).toMatchObject({ code: 0, stderr: '' })
  const report = readFileSync(place.path('belay-report', 'report.md'), 'utf8')
  expect(report).toContain('- Note: secret.md: left out, it cannot be read (EACCES).\n')
  expect(report).toContain('- Note: large.txt: only the first 1048576 of 1300000 bytes are read.\n')
  expect(report).toContain('- Note: latin.txt: left out, it is not UTF-8 text.\n')
})

test('an old Node gets a sentence before anything native is loaded', () => {
  const pretend =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
  const result = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, mainFile],
    { encoding: 'utf8' },
  )
  expect(result.status).toBe(1)
  expect(result.stderr).toBe('The quickstart needs Node.js 22.18 or later and runs on 20.20.2.\n')
  // Static imports would be loaded before the check, and new syntax would end an old Node first.
  const source = readFileSync(pathToFileURL(mainFile), 'utf8')
  expect(source).not.toMatch(/^\s*import\s[^(]|\?\?|\?\.|=>|`|\bawait\b/m)
})

test('--help says how and exits with 0', async () => {
  using place = makePlace()
  const exit = await runQuickstartProcess(['--help'], { cwd: place.root })
  expect(exit).toMatchObject({ code: 0, stderr: '' })
  for (const word of ['--run', '--out', '--db', 'OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OPENAI_MODEL'])
    expect(exit.stdout).toContain(word)
})
