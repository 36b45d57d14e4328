// The entry point of every root script. Plain JavaScript for Node 18 and later, because it is what a
// newcomer's own node runs before anything is installed; all else runs on the pinned Node.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.belay-installed')
const apps = { start: 'quickstart', bench: 'bench' }

/** @param {string} line @returns {never} */
function fail(line) {
  console.error(line)
  process.exit(1)
}

/** @param {string} version */
function isRecentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** pnpm itself is part of the stamp: another version may lay out node_modules differently. */
function installStamp() {
  const hash = createHash('sha256').update(packageManager)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)))
  return `${hash.digest('hex')} ${process.platform}-${process.arch}\n`
}

function install() {
  const stamp = installStamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  console.error(`Installing dependencies with ${packageManager} ...`)
  // Without the stamp an interrupted install is repeated.
  rmSync(stampFile, { force: true })
  const result = spawnSync(
    'npx',
    ['-y', packageManager, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'],
    // Output goes to stderr, so that stdout stays the application's own.
    { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' },
  )
  if (result.error) fail(`npx could not be started (${result.error.message}); install Node.js with npm.`)
  if (result.status !== 0) fail('The installation of dependencies failed; see the lines above.')
  writeFileSync(stampFile, stamp)
}

/** better-sqlite3 crashes on an old Node instead of failing by name, so an old one never gets that far. */
function pinnedNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const pinned = join(modules, name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(pinned)) return pinned
  if (isRecentEnough(process.versions.node)) return process.execPath
  return fail(`Belay needs Node.js 22.18 or later and found ${process.versions.node}: install Node.js 24.`)
}

/**
 * A terminal sends Ctrl-C to the whole group, so the child has its SIGINT already and a second one would
 * read as "stop at once". Without a terminal the signal is passed on, and the copy that npm relays within
 * the same moment is not.
 * @param {import('node:child_process').ChildProcess} child
 */
function passSignals(child) {
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const relayWindowMs = 200
  /** @type {Map<string, number>} */
  const lastSent = new Map()
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) {
    process.on(signal, () => {
      if (onTerminal && signal !== 'SIGTERM') return
      const now = Date.now()
      if (now - (lastSent.get(signal) ?? 0) < relayWindowMs) return
      lastSent.set(signal, now)
      child.kill(signal)
    })
  }
}

/**
 * A package manager that is killed outright tells nobody, and the application would run on unseen.
 * @param {import('node:child_process').ChildProcess} child
 */
function endWithPackageManager(child) {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 250)
  watch.unref()
  child.once('close', () => clearInterval(watch))
}

/** @param {string} node @param {string[]} args @param {'inherit' | 'quiet'} output @returns {Promise<number>} */
function run(node, args, output) {
  const env = {
    ...process.env,
    PATH: [dirname(node), join(modules, '.bin'), process.env.PATH].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  }
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      cwd: root,
      env,
      stdio: output === 'inherit' ? 'inherit' : ['ignore', 2, 2],
    })
    passSignals(child)
    endWithPackageManager(child)
    child.once('error', (error) => fail(`${node} could not be started: ${error.message}`))
    child.once('close', (code, signal) => {
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM').removeAllListeners('SIGHUP')
      resolve(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1))
    })
  })
}

const [task = 'test', ...args] = process.argv.slice(2)
install()
const node = pinnedNode()
const tasks = join(root, 'tooling', 'scripts', 'tasks.ts')
if (task === 'start' || task === 'bench') {
  const built = await run(node, [tasks, 'build'], 'quiet')
  if (built !== 0) process.exit(built)
  process.exit(await run(node, [join(root, 'apps', apps[task], 'dist', 'main.js'), ...args], 'inherit'))
}
process.exit(await run(node, [tasks, task, ...args], 'inherit'))
