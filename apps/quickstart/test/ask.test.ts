import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { harbourDocuments, harbourQuestion, makePlace, writeFiles, type Place } from './support/documents.ts'
import { mainFile, runQuickstartProcess, type Exit } from './support/quickstart-process.ts'

const job = ['docs', harbourQuestion, '--run', 'r', '--ask-before-writing']
const lastLine = ({ stdout }: Exit): string => stdout.trimEnd().split('\n').at(-1) ?? ''

// `script` of util-linux gives a program a terminal.
const hasScript = spawnSync('script', ['--version']).status === 0

function harbour(): Place {
  const place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  return place
}

/** A run that waits for an answer; its process has ended. */
async function askedIn(place: Place): Promise<void> {
  const exit = await runQuickstartProcess(job, { cwd: place.root })
  expect(exit).toMatchObject({ code: 4, stderr: '' })
  expect(lastLine(exit)).toMatch(
    /^Write ".+" with \d+ claims to \S+belay-report\? Answer with: node \S+ --run r --approve {2}or {2}node \S+ --run r --deny$/,
  )
  expect(existsSync(place.path('belay-report/report.md'))).toBe(false)
}

test('piped, it ends with the commands that answer, and another process goes on with the answer [APR-11]', async () => {
  using place = harbour()
  await askedIn(place)
  // Going on without an answer asks again.
  const again = await runQuickstartProcess(['--run', 'r'], { cwd: place.root })
  expect(again.code).toBe(4)
  const answered = await runQuickstartProcess(['--run', 'r', '--approve'], { cwd: place.root })
  expect(answered).toMatchObject({ code: 0, stderr: '' })
  expect(answered.stdout).toContain('report: ')
  expect(existsSync(place.path('belay-report/report.md'))).toBe(true)
  const late = await runQuickstartProcess(['--run', 'r', '--approve'], { cwd: place.root })
  expect(late).toMatchObject({
    code: 2,
    stderr: 'The run r asks nothing: leave --approve and --deny out.\n',
  })
})

test('a denial ends the run without a report', async () => {
  using place = harbour()
  await askedIn(place)
  const denied = await runQuickstartProcess(['--run', 'r', '--deny'], { cwd: place.root })
  expect(denied.code).toBe(1)
  expect(denied.stderr).toBe('The tool "save_report" was not called: it was denied. (tool/denied)\n')
  expect(existsSync(place.path('belay-report/report.md'))).toBe(false)
})

test.runIf(hasScript).each([
  ['y', 0],
  ['n', 1],
  // Ctrl-D leaves the question open, and the commands that answer are printed.
  ['\u0004', 4],
] as const)('on a terminal the question is asked there: %j', async (key, code) => {
  using place = harbour()
  const command = `node ${mainFile} docs '${harbourQuestion}' --run r --ask-before-writing`
  const child = spawn('script', ['-qec', `stty cols 80 rows 30; ${command}`, '/dev/null'], {
    cwd: place.root,
    env: { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const output = text(child.stdout)
  let printed = ''
  let answered = 0
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
    const prompts = printed.split('(y/n)').length - 1
    if (prompts <= answered) return
    answered = prompts
    // An answer that is neither is asked for again.
    child.stdin.write(prompts === 1 ? 'what\n' : `${key}\n`)
  })
  expect({ code: await closed, output: await output }).toMatchObject({ code })
  expect(answered).toBe(2)
  expect(existsSync(place.path('belay-report/report.md'))).toBe(code === 0)
})

test.each([
  [['--approve'], '--approve and --deny answer what a run asks: name it with --run.'],
  [['--run', 'r', '--approve', '--deny'], 'Give --approve or --deny, not both.'],
])('%j is refused', async (args, line) => {
  using place = makePlace()
  const exit = await runQuickstartProcess(args, { cwd: place.root })
  expect(exit).toMatchObject({ code: 2, stderr: `${line}\n` })
})
