import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MutantJob, MutantReport } from './simulation/mutant.ts'
import { weakenedRules, type WeakenedRule } from './simulation/weakened-rules.ts'

/** Enough for every weakened rule to show; the rarest takes some two hundred schedules. */
const size = { seeds: 6, random: 60 }

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const mutant = fileURLToPath(new URL('./simulation/mutant.ts', import.meta.url))
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-weakened-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('rules of the engine', () => {
  // A hundred times what it takes alone: this is about a hang and not about speed.
  it('hold in the build as it is', { timeout: 600_000 }, async () => {
    const all = [...new Set(weakenedRules.flatMap((rule) => rule.workflows))]
    const report = await runMutant(copyBuild('as-it-is'), all)
    expect(report.failure).toBeUndefined()
    expect(report.schedules).toBeGreaterThan(5_000)
  })

  it.each(weakenedRules.map((rule, index) => [rule.rule, rule, index] as const))(
    'are missed: %s',
    async (_, rule, index) => {
      const copy = copyBuild(`rule-${index}`)
      weaken(copy, rule)
      expect((await runMutant(copy, rule.workflows)).failure).toBeDefined()
    },
  )
})

function copyBuild(name: string): string {
  const copy = join(folder, name)
  cpSync(dist, copy, { recursive: true, filter: (file) => !/\.(map|d\.ts)$/.test(file) })
  return copy
}

function weaken(copy: string, { file, find, replace }: WeakenedRule): void {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  expect(text.split(find).length - 1, `"${find}" in ${file}: build core, or bring the table up to date`).toBe(
    1,
  )
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
}

async function runMutant(build: string, workflows: readonly string[]): Promise<MutantReport> {
  const job: MutantJob = { folder: build, workflows, ...size }
  const { stdout } = await promisify(execFile)(process.execPath, [mutant, JSON.stringify(job)])
  return JSON.parse(stdout) as MutantReport
}
