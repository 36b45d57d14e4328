import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { spawnSync, type ChildProcess } from 'node:child_process'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { readDatabase } from './support/dead-database.ts'
import { harbourDocuments, harbourQuestion, makePlace, writeFiles, type Place } from './support/documents.ts'
import { fixtureFile, runQuickstartProcess, startQuickstart } from './support/quickstart-process.ts'

const args = ['docs', harbourQuestion, '--run', 'r']

function harbour(): Place {
  const place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  return place
}

/** `delayMs` before each part of an answer: a test that needs the run to go on beside it takes more. */
function slowly(place: Place, delayMs = 10) {
  return startQuickstart(args, {
    cwd: place.root,
    file: fixtureFile,
    env: { WITNESS: place.path('witness.txt'), WITNESS_FD: '3', DELAY_MS: String(delayMs) },
    hasWitnessPipe: true,
  })
}

/** Resolves when so many effects have begun. */
function effectsBegun(child: ChildProcess, count: number): Promise<void> {
  const lines = createInterface({ input: child.stdio[3] as Readable })
  let seen = 0
  return new Promise((resolve, reject) => {
    lines.on('line', () => ++seen === count && resolve())
    lines.once('close', () => reject(new Error(`It ended after ${seen} effects`)))
  })
}

function witnessed(place: Place): string[] {
  const file = place.path('witness.txt')
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s stops with exit code %i and a command that finishes the run', async (signal, code) => {
  using place = harbour()
  const { child, exit } = slowly(place)
  await effectsBegun(child, 12)
  child.kill(signal)
  const stopped = await exit
  expect(stopped).toMatchObject({ code, signal: null, stderr: '' })
  const command = /Go on with: (.+)\n$/.exec(stopped.stdout)?.[1] ?? ''
  const count = witnessed(place).length
  const { recorded } = await readDatabase(place.path('belay-report', 'runs.db'), 'r')
  expect(recorded.size).toBeGreaterThan(0)

  const resumed = spawnSync('sh', ['-c', command], {
    cwd: place.root,
    env: {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      WITNESS: place.path('witness.txt'),
    },
    encoding: 'utf8',
  })
  expect(resumed).toMatchObject({ status: 0, stderr: '' })
  expect(resumed.stdout).toContain(`going on with run r: ${recorded.size} steps recorded\n`)
  expect(
    witnessed(place)
      .slice(count)
      .filter((key) => recorded.has(key)),
  ).toEqual([])
  expect(existsSync(place.path('belay-report', 'report.md'))).toBe(true)
})

test('a second signal ends the process at once', async () => {
  using place = harbour()
  const { child, exit } = slowly(place)
  await effectsBegun(child, 6)
  child.kill('SIGINT')
  child.kill('SIGINT')
  expect((await exit).code).toBe(130)
})

test('a finished id prints its result again and executes nothing', async () => {
  using place = harbour()
  const first = await slowly(place).exit
  expect(first).toMatchObject({ code: 0, stderr: '' })
  const effects = witnessed(place)
  const report = readFileSync(place.path('belay-report', 'report.md'), 'utf8')
  for (const again of [args, ['--run', 'r']]) {
    const second = await startQuickstart(again, {
      cwd: place.root,
      file: fixtureFile,
      env: { WITNESS: place.path('witness.txt') },
    }).exit
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(second.stdout).toContain('run r is finished:')
    expect(second.stdout.split('\n').slice(1)).toEqual(first.stdout.split('\n').slice(-8))
  }
  expect(witnessed(place)).toEqual(effects)
  expect(readFileSync(place.path('belay-report', 'report.md'), 'utf8')).toBe(report)
})

test('two processes with one id: the second says that the first executes it', async () => {
  using place = harbour()
  const { child, exit } = slowly(place, 60)
  await effectsBegun(child, 3)
  for (const again of [args, ['--run', 'r']]) {
    const second = await runQuickstartProcess(again, { cwd: place.root })
    expect(second.code).toBe(1)
    expect(second.stderr).toBe(
      'Another process executes this run now; wait for it or stop it (run/leased).\n',
    )
  }
  expect(await exit).toMatchObject({ code: 0, stderr: '' })
})

test('two runs with one database execute at the same time', async () => {
  using place = harbour()
  const both = await Promise.all(
    ['a', 'b'].map((id) =>
      runQuickstartProcess(['docs', harbourQuestion, '--run', id, '--out', id, '--db', 'both.db'], {
        cwd: place.root,
      }),
    ),
  )
  for (const exit of both) expect(exit).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(place.path('a', 'report.md'), 'utf8')).toBe(
    readFileSync(place.path('b', 'report.md'), 'utf8'),
  )
})

test('documents that change or go after the copy change nothing in the report', async () => {
  using place = harbour()
  const calm = await runQuickstartProcess([...args.slice(0, 2), '--out', 'belay-report'], { cwd: place.root })
  expect(calm.code).toBe(0)
  const expected = readFileSync(place.path('belay-report', 'report.md'), 'utf8')
  rmSync(place.path('belay-report'), { recursive: true })
  const { child, exit } = slowly(place)
  await effectsBegun(child, 20)
  child.kill('SIGKILL')
  await exit
  writeFiles(place.path('docs'), { 'lock.md': 'All is new.\n' })
  rmSync(place.path('docs', 'fog.md'))
  expect(await runQuickstartProcess(['--run', 'r'], { cwd: place.root })).toMatchObject({
    code: 0,
    stderr: '',
  })
  expect(readFileSync(place.path('belay-report', 'report.md'), 'utf8')).toBe(expected)
})
