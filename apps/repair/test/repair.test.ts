import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@belay/testing'
import { afterAll, expect, test } from 'vitest'
import { runProgram } from './support/repair-process.ts'

const sample = fileURLToPath(new URL('../sample', import.meta.url))
const place = mkdtempSync(join(tmpdir(), 'belay-repair-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** Every file below a folder with its text. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    names
      .filter((each) => each.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  )
}

const repairedOf = (out: string, run: string) => filesOf(join(out, 'repaired', run))

test('the sample is repaired in a copy, and killed at random moments it ends with the same files', async () => {
  const before = filesOf(sample)
  const calm = join(place, 'calm')
  const undisturbed = await runProgram(['--out', calm, '--run', 'calm'])
  expect(undisturbed).toMatchObject({ code: 0, stderr: '' })
  expect(undisturbed.lines.at(-1)).toBe('the tests pass')
  const expected = repairedOf(calm, 'calm')
  expect(Object.keys(expected)).toEqual(['src/order.js', 'src/parcel.js'])
  expect(expected['src/parcel.js']).toContain('kilos > heaviest')
  expect(expected['src/order.js']).toContain('item.grams * item.count')

  const seed = Number(process.env['BELAY_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
  const kills = Number(process.env['BELAY_KILLS'] ?? 4)
  const random = seededRandom(seed)
  const out = join(place, 'killed')
  const seen: string[] = []
  let killed = 0
  for (;;) {
    // Each life gets on by some entries, or a run would never come to its end.
    const at = killed < kills ? 6 + Math.floor(random() * 12) : Infinity
    const life = await runProgram(['--out', out, '--run', 'killed'], (count, kill) => {
      if (count === at) kill()
    })
    expect(life.stderr).toBe('')
    seen.push(...life.lines)
    if (life.signal === null) {
      expect(life.code, `seed ${seed}: ${life.lines.at(-1)}`).toBe(0)
      break
    }
    killed++
  }
  console.log(`seed ${seed}: ${killed} kills`)
  expect(killed).toBe(kills)
  expect(repairedOf(out, 'killed')).toEqual(expected)
  expect(filesOf(sample)).toEqual(before)
}, 300_000)

test('a finished run prints its result again and executes nothing', async () => {
  const again = await runProgram(['--out', join(place, 'calm'), '--run', 'calm'])
  expect(again).toMatchObject({ code: 0, stderr: '' })
  expect(again.lines.at(-1)).toBe('the tests pass')
})

test('a folder whose tests pass is left alone', async () => {
  const folder = join(place, 'whole')
  cpSync(sample, folder, { recursive: true })
  cpSync(join(place, 'calm', 'repaired', 'calm'), folder, { recursive: true })
  const ended = await runProgram([folder, '--out', join(place, 'out')])
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(ended.lines).toContain('The tests pass already.')
})

test.each([
  [['--run', '../x'], 'The run id "../x" is not valid: use 1 to 128 of A-Z a-z 0-9 _ . : -'],
  [['/nowhere'], 'There is no folder "/nowhere".'],
  [['a', 'b'], 'Too many arguments: a b. See --help.'],
])('wrong usage %j is refused in one line', async (args, message) => {
  const ended = await runProgram([...args, '--out', join(place, 'refused')])
  expect(ended).toMatchObject({ code: 2, stderr: `${message}\n`, lines: [] })
})
