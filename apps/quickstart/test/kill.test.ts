import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import { seededRandom } from '@belay/testing'
import { expect, test } from 'vitest'
import { readDatabase, type DatabaseState } from './support/dead-database.ts'
import { harbourDocuments, harbourQuestion, makePlace, writeFiles, type Place } from './support/documents.ts'
import { nextMoment, phaseOf, phases, type KillMoment, type Phase } from './support/kill-plan.ts'
import { fixtureFile, startQuickstart, type Exit } from './support/quickstart-process.ts'

const wantedKills = Number(process.env['BELAY_KILLS'] ?? 50)
const seed = Number(process.env['BELAY_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
/** Two runs at once: more would only wait for processors. */
const lanes = 2
const runId = 'killed'

interface Life {
  readonly killedIn: Phase | undefined
  readonly exit: Exit
}

interface RunFiles {
  readonly cwd: string
  readonly report: string
  readonly database: string
  readonly witness: string
}

function filesOf(place: Place, name: string): RunFiles {
  const cwd = place.path(name)
  writeFiles(cwd, {})
  return {
    cwd,
    report: place.path(name, 'belay-report', 'report.md'),
    database: place.path(name, 'belay-report', 'runs.db'),
    witness: place.path(name, 'witness.txt'),
  }
}

/** One process, killed at the moment if it lives to see it. */
async function live(place: Place, files: RunFiles, moment: KillMoment | undefined): Promise<Life> {
  const { child, exit } = startQuickstart([place.path('docs'), harbourQuestion, '--run', runId], {
    cwd: files.cwd,
    file: fixtureFile,
    env: { WITNESS: files.witness, WITNESS_FD: '3', DELAY_MS: '2' },
    hasWitnessPipe: true,
  })
  let seen = 0
  let last: string | undefined
  let isAiming = false
  const aim = (): void => {
    if (moment === undefined || isAiming) return
    const isReached =
      moment.phase === undefined ? seen >= (moment.effects ?? 0) : phaseOf(last) === moment.phase
    if (!isReached) return
    isAiming = true
    void setTimeout(moment.delayMs).then(() => child.kill('SIGKILL'))
  }
  const keys = createInterface({ input: child.stdio[3] as Readable })
  keys.on('line', (key) => {
    seen++
    last = key
    aim()
  })
  aim()
  const outcome = await exit
  return { killedIn: outcome.signal === 'SIGKILL' ? phaseOf(last) : undefined, exit: outcome }
}

function witnessed(files: RunFiles): string[] {
  return existsSync(files.witness)
    ? readFileSync(files.witness, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
}

/** Keys that were witnessed although their result had been in the journal before. */
function ranAgain(
  keys: readonly string[],
  dead: readonly { readonly count: number; readonly state: DatabaseState }[],
): string[] {
  return dead.flatMap(({ count, state }) => keys.slice(count).filter((key) => state.recorded.has(key)))
}

test(`${wantedKills} kills at random moments: the same report, no recorded step runs again, the database is whole`, async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  const random = seededRandom(seed)
  const calm = filesOf(place, 'calm')
  expect((await live(place, calm, undefined)).exit).toMatchObject({ code: 0, stderr: '' })
  const expected = readFileSync(calm.report, 'utf8')
  const expectedKeys = witnessed(calm).toSorted()

  const counts = new Map<Phase, number>(phases.map((phase) => [phase, 0]))
  let kills = 0
  let runs = 0
  const oneRun = async (): Promise<void> => {
    const files = filesOf(place, `run-${++runs}`)
    const dead: { count: number; state: DatabaseState }[] = []
    for (;;) {
      const moment = kills < wantedKills ? nextMoment(random) : undefined
      const { killedIn, exit } = await live(place, files, moment)
      const state = await readDatabase(files.database, runId)
      expect(state.integrity).toBe('ok')
      if (killedIn === undefined) {
        expect(exit).toMatchObject({ code: 0, stderr: '' })
        // The keys of witness and journal are the same words, or comparing them would prove nothing.
        expect([...state.recorded].toSorted()).toEqual(expectedKeys)
        break
      }
      kills++
      counts.set(killedIn, (counts.get(killedIn) ?? 0) + 1)
      dead.push({ count: witnessed(files).length, state })
    }
    const keys = witnessed(files)
    expect(ranAgain(keys, dead)).toEqual([])
    // Everything ran, and what ran is what an undisturbed run does.
    expect([...new Set(keys)].toSorted()).toEqual(expectedKeys)
    expect(readFileSync(files.report, 'utf8')).toBe(expected)
  }
  const lane = async (): Promise<void> => {
    while (kills < wantedKills) await oneRun()
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  console.log(
    `seed ${seed}: ${kills} kills in ${runs} runs by phase ${JSON.stringify(Object.fromEntries(counts))}`,
  )
  expect(kills).toBeGreaterThanOrEqual(wantedKills)
  expect([...counts.values()].filter((count) => count > 0).length).toBeGreaterThanOrEqual(5)
  // About a hang and not about speed: a hundred processes start one after the other.
}, 600_000)
