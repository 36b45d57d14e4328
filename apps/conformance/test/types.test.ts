import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { reportCounts } from '../src/index.ts'
import { compile } from './types/compiler.ts'
import { manyAgents } from './types/many-agents.ts'

const here = (file: string): URL => new URL(`./types/${file}`, import.meta.url)
const pins = readFileSync(here('inference.test-d.ts'), 'utf8')
const fresh = `generated-${process.pid}.ts`
afterEach(() => rmSync(here(fresh), { force: true }))

test(
  'every inferred type is what it is pinned to, and every misuse is an error [MOD-6]',
  { timeout: 120_000 },
  async () => {
    expect((await compile('inference.test-d.ts')).errors).toEqual([])
    const misuses = pins.match(/@ts-expect-error/g)?.length ?? 0
    // Without the comments each misuse has to be an error by itself.
    writeFileSync(here(fresh), pins.replaceAll('@ts-expect-error', ''))
    const { errors } = await compile(fresh)
    expect(errors.length).toBeGreaterThanOrEqual(misuses)
    reportCounts('types / inference', { pins: pins.match(/same</g)?.length ?? 0, misuses })
  },
)

test('a wrong pin is an error', { timeout: 60_000 }, async () => {
  const wrong = pins.replace("severity: 'low' | 'high'", 'severity: string')
  expect(wrong).not.toBe(pins)
  writeFileSync(here(fresh), wrong)
  expect((await compile(fresh)).errors.length).toBeGreaterThanOrEqual(2)
})

test('types stay cheap', { timeout: 120_000 }, async () => {
  const hello = await compile('hello-agent.ts')
  expect(hello.errors).toEqual([])
  writeFileSync(here(fresh), manyAgents(30))
  const many = await compile(fresh)
  expect(many.errors).toEqual([])
  expect(hello.instantiations).toBeLessThan(5_000)
  expect(many.instantiations).toBeLessThan(20_000)
  reportCounts('types / instantiations', {
    'one tool, one agent': hello.instantiations,
    '30 tools, 30 agents': many.instantiations,
  })
})
