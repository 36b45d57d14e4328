import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { harbourDocuments, harbourQuestion, makePlace, writeFiles, type Place } from './support/documents.ts'
import { startChatServer } from './support/chat-server.ts'
import { runQuickstartProcess, type Exit } from './support/quickstart-process.ts'

function harbour(): Place {
  const place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  return place
}

const job = ['docs', harbourQuestion, '--run', 'r']
const lastLine = ({ stdout }: Exit): string => stdout.trimEnd().split('\n').at(-1) ?? ''
const report = (place: Place): string =>
  readFileSync(place.path('belay-report/report.md'), 'utf8').replaceAll(place.root, '<root>')

/** The arguments of the command that a line ends with. */
function commandIn(line: string): string[] {
  const [, args] = /: node \S+main\.js (.*)$/.exec(line) ?? []
  if (args === undefined) throw new Error(`No command in: ${line}`)
  return args.split(' ')
}

test('running out ends with one line, and its command goes on to the same report [BUD-8, BUD-9]', async () => {
  using place = harbour()
  using undisturbed = harbour()
  await runQuickstartProcess(job, { cwd: undisturbed.root })
  let exit = await runQuickstartProcess([...job, '--budget', 'calls=2'], { cwd: place.root })
  let stops = 0
  while (exit.code === 3) {
    const line = lastLine(exit)
    expect(line).toMatch(
      /^out of budget: spent [\d,]+ tokens, \d+ model calls; go on with more: node \S+ --run r --extend calls=\d+$/,
    )
    expect(exit.stderr).toBe('')
    stops++
    // oxlint-disable-next-line no-await-in-loop
    exit = await runQuickstartProcess(commandIn(line), { cwd: place.root })
  }
  expect(exit).toMatchObject({ code: 0, stderr: '' })
  expect(stops).toBeGreaterThan(1)
  expect(report(place)).toBe(report(undisturbed))
})

test('tokens are a limit too: the first call alone may need more than that', async () => {
  using place = harbour()
  const exit = await runQuickstartProcess([...job, '--budget', 'tokens=1000,usd=0.5'], { cwd: place.root })
  expect(exit.code).toBe(3)
  expect(lastLine(exit)).toMatch(/^out of budget: spent 0 tokens, 0 model calls; .* --extend tokens=\d{4,}$/)
})

test('money is counted by the given prices, which the command repeats', async () => {
  using place = harbour()
  using server = await startChatServer('secret')
  const env = { OPENAI_API_KEY: 'secret', OPENAI_BASE_URL: server.baseURL, OPENAI_MODEL: 'm' }
  const prices = ['--prices', 'in=1,out=100']
  const exit = await runQuickstartProcess([...job, '--budget', 'usd=0.82', ...prices], {
    cwd: place.root,
    env,
  })
  expect(exit.code).toBe(3)
  expect(lastLine(exit)).toMatch(
    /^out of budget: spent [\d,]+ tokens, \$0\.\d{4}, \d+ model calls?; .* --run r --extend usd=0\.82 --prices in=1,out=100$/,
  )
  // Every request says the limit that its reservation counts on.
  expect(
    server.requests.map((request) => request as { max_completion_tokens?: number; max_tokens?: number }),
  ).toSatisfy(
    (requests: { max_completion_tokens?: number; max_tokens?: number }[]) =>
      requests.length > 0 &&
      requests.every((each) => (each.max_completion_tokens ?? each.max_tokens) === 8_000),
  )
})

test.each([
  [['--budget', 'calls=0'], /^--budget: each limit is above 0\.$/],
  [['--budget', 'calls=1.5'], /^--budget: calls is a whole number\.$/],
  [
    ['--budget', 'money=1'],
    /^--budget: "money=1" is not valid\. Use some of tokens=…,usd=…,calls=…, each once\.$/,
  ],
  [['--budget', 'calls=1,calls=2'], /^--budget: "calls=2" is not valid/],
  [['--extend', 'calls=1'], /^--extend adds to the budget of a run: name it with --run\.$/],
  [['--run', 'r', '--budget', 'calls=1', '--extend', 'calls=1'], /give one of them\.$/],
  [['--prices', 'in=1'], /^--prices needs in and out/],
])('%j is wrong usage', async (args, line) => {
  using place = harbour()
  const exit = await runQuickstartProcess(['docs', ...args], { cwd: place.root })
  expect(exit).toMatchObject({ code: 2, stdout: '' })
  expect(exit.stderr.trimEnd()).toMatch(line)
})

test('usd without prices of a model that is not free is wrong usage, and so is a second budget', async () => {
  using place = harbour()
  const paid = await runQuickstartProcess(['docs', '--budget', 'usd=1'], {
    cwd: place.root,
    env: { OPENAI_API_KEY: 'secret' },
  })
  expect(paid).toMatchObject({ code: 2, stderr: expect.stringContaining('needs --prices') })
  await runQuickstartProcess([...job, '--budget', 'calls=1'], { cwd: place.root })
  const twice = await runQuickstartProcess([...job, '--budget', 'calls=1'], { cwd: place.root })
  expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('with --extend') })
})
