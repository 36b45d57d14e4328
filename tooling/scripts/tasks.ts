// The one place where build, checks and tests are defined; bootstrap.mjs starts it on the pinned Node.
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPackages } from './check-packages.ts'
import { type Finished, root, runNode, toolScript } from './process.ts'
import { countTests, type VitestReport } from './test-counts.ts'

// Tests start some thousand processes that load the same modules; compiled once, each starts in two thirds of the time.
process.env['NODE_COMPILE_CACHE'] ??= join(root, 'node_modules', '.cache', 'compiled')

type Task = (args: readonly string[]) => Promise<number>

const build: Task = (args) => tool('typescript-7', 'tsc', ['-b', '--checkers', '1', ...args])

const prettier = (mode: '--check' | '--write') =>
  tool('prettier', 'prettier', [mode, '--log-level', 'warn', '.'])

const oxlint = () => tool('oxlint', 'oxlint', ['--type-aware', '--deny-warnings', '.'])

async function tool(packageName: string, command: string, args: readonly string[]): Promise<number> {
  return (await runNode([toolScript(packageName, command), ...args])).code
}

/** `-p` and not `-b`: the second trusts timestamps of root files and would miss a changed dependency. */
const typecheck: Task = async () => {
  const configs = [
    ...globSync('{packages,apps}/*/tsconfig.test.json', { cwd: root }).toSorted(),
    'tooling/tsconfig.json',
  ]
  const finished: Finished[] = []
  const next = async (): Promise<void> => {
    const config = configs.shift()
    if (config === undefined) return
    const args = [toolScript('typescript-7', 'tsc'), '-p', config, '--checkers', '1', '--pretty', 'false']
    const result = await runNode(args, { capture: true })
    finished.push(result)
    if (result.code !== 0) console.log(`${config}\n${result.output}`)
    await next()
  }
  // Two at a time: each is a process with one checker, and small machines have two cores.
  await Promise.all([next(), next()])
  return finished.some((result) => result.code !== 0) ? 1 : 0
}

const boundaries: Task = async () => (await runNode([join(root, 'tooling', 'lint', 'main.ts')])).code

const errors: Task = async () =>
  (await build([])) === 0 ? (await runNode([join(root, 'tooling', 'scripts', 'errors.ts')])).code : 1

/** Writes the page of rules and their tests. */
const rules: Task = async () => (await runNode([join(root, 'tooling', 'rules', 'main.ts')])).code

const lint: Task = async () => Math.max(await oxlint(), await prettier('--check'))

const vitest: Task = async (args) => {
  const skipBuild = args.includes('--no-build')
  if (!skipBuild && (await build([])) !== 0) return 1
  const rest = args.filter((arg) => arg !== '--no-build')
  const command = rest.includes('--watch') ? [] : ['run']
  return tool('vitest', 'vitest', [...command, ...rest])
}

async function allTests(args: readonly string[]): Promise<{ passed: number; failed: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-test-'))
  try {
    const file = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const code = await tool('vitest', 'vitest', ['run', ...reporters, ...args])
    const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as VitestReport) : undefined
    return countTests(report, code)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs every check although one fails, so that one run shows all there is to mend. */
const test: Task = async (args) => {
  const failedChecks: string[] = []
  for (const [name, task] of Object.entries({ build, typecheck, lint, boundaries })) {
    console.log(`\n== ${name}`)
    if ((await task([])) !== 0) failedChecks.push(name)
  }
  console.log('\n== vitest')
  const { passed, failed } = await allTests(args)
  if (failedChecks.length > 0) console.log(`failed checks: ${failedChecks.join(', ')}`)
  const allFailed = failed + failedChecks.length
  console.log(`${passed} passed, ${allFailed} failed`)
  return allFailed === 0 ? 0 : 1
}

const tasks: Record<string, Task> = {
  build,
  typecheck,
  lint,
  boundaries,
  vitest,
  errors,
  test,
  rules,
  format: () => prettier('--write'),
  'check:packages': async () => ((await build([])) === 0 ? checkPackages() : 1),
}

const [name = 'test', ...args] = process.argv.slice(2)
const task = tasks[name]
if (task === undefined) {
  console.error(`unknown task ${name}; known are ${Object.keys(tasks).join(', ')}`)
  process.exitCode = 1
} else {
  process.exitCode = await task(args)
}
