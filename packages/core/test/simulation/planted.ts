import type { Core } from './core.ts'
import { runCase } from './run-case.ts'
import type { SimContext } from './sim-context.ts'
import type { Workflow } from './workflow.ts'

type Program = Workflow['run']

const child = async (x: SimContext): Promise<string> => {
  await x.step('1')
  return x.step('2')
}

/** The code that began the run. */
const original: Program = async (c) => {
  const a = await c.step('a', undefined, { key: 'first' })
  const [b, d] = await Promise.all([c.step('b', undefined, { input: 1 }), c.child('k', child)])
  return a + b + d + (await c.step('e'))
}

/** The code that goes on with it after the first process died. */
export const changes: Readonly<Record<string, Program>> = {
  same: original,
  renamed: async (c) => {
    await c.step('A')
    return original(c)
  },
  removed: async (c) => {
    const [b, d] = await Promise.all([c.step('b', undefined, { input: 1 }), c.child('k', child)])
    return b + d
  },
  inserted: async (c) => {
    const a = await c.step('a', undefined, { key: 'first' })
    await c.step('new')
    const [b, d] = await Promise.all([c.step('b', undefined, { input: 1 }), c.child('k', child)])
    return a + b + d + (await c.step('e'))
  },
  otherName: async (c) => {
    const a = await c.step('A', undefined, { key: 'first' })
    const [b, d] = await Promise.all([c.step('b', undefined, { input: 1 }), c.child('k', child)])
    return a + b + d + (await c.step('e'))
  },
  otherKind: async (c) => {
    await c.wait('first')
    return original(c)
  },
  otherInput: async (c) => {
    const a = await c.step('a', undefined, { key: 'first' })
    const [b, d] = await Promise.all([c.step('b', undefined, { input: 2 }), c.child('k', child)])
    return a + b + d + (await c.step('e'))
  },
  earlyReturn: (c) => c.step('a', undefined, { key: 'first' }),
  earlyThrow: async (c) => {
    await c.step('a', undefined, { key: 'first' })
    throw new Error('no')
  },
  throwInFlight: async (c) => {
    await c.step('a', undefined, { key: 'first' })
    void c.step('b', undefined, { input: 1 })
    void c.child('k', child)
    throw new Error('no')
  },
}

/** Which recorded keys let nobody miss the change. More than `first` where the change comes after it. */
const noticeable: Readonly<Record<string, (keys: readonly string[]) => boolean>> = {
  same: () => false,
  renamed: (keys) => keys.length > 0,
  removed: (keys) => keys.includes('first'),
  otherName: (keys) => keys.includes('first'),
  otherKind: (keys) => keys.includes('first'),
  otherInput: (keys) => keys.includes('b'),
  // A throw while everything left was asked for looks like a real failure; engine.md states this limit.
  throwInFlight: () => false,
}

/** What planting one change showed. */
export interface PlantedReport {
  diverged: number
  wentOn: number
  readonly errors: string[]
}

/**
 * Kills the process at every point and goes on with changed code. It must stop before it writes anything, unless
 * so little was recorded that the changed code fits as well; and the old code can go on afterwards.
 */
export async function plantChange(core: Core, name: string, seeds: number): Promise<PlantedReport> {
  const report: PlantedReport = { diverged: 0, wentOn: 0, errors: [] }
  const changed = changes[name]
  if (changed === undefined) throw new TypeError(`There is no change ${name}.`)
  const isNoticeable = noticeable[name] ?? ((keys: readonly string[]) => keys.length > 1)
  const workflow: Workflow = { run: original, check: () => true, may: ['failed'], signals: [] }
  for (let seed = 1; seed <= seeds; seed++) {
    const { world: base } = await runCase(core, workflow, { seed, crashAt: [] })
    for (let point = 1; point <= base.points; point++) {
      const programOf = (boot: number): Program => (boot === 1 ? original : changed)
      const { world } = await runCase(core, workflow, { seed, crashAt: [point] }, { programOf })
      const resumedAt = world.entries.findIndex(({ type }) => type === 'run.resumed')
      if (resumedAt < 0) continue
      const note = (what: string): void =>
        void report.errors.push(`${what}: seed ${seed}, point ${point}: ${world.log.join(' | ')}`)
      const before = world.entries
        .slice(0, resumedAt)
        .flatMap(({ data }) => (data as { key?: string }).key ?? [])
      if (world.diverged === undefined) {
        report.wentOn++
        if (isNoticeable(before)) note('not noticed')
        continue
      }
      report.diverged++
      if (world.entries.length > resumedAt + 1) note('something was written')
      if (world.effects.some(({ by }) => by.name === 'p2')) note('an effect happened')
      if (!(await world.goOnWith(original))) note('the old code cannot go on')
    }
  }
  return report
}
