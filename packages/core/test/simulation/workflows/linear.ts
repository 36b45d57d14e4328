import { codeOf, failing, firstOf, outcomes } from './helpers.ts'
import type { Workflows } from '../workflow.ts'

/** Steps, races and failures that the program handles itself. */
export const linear: Workflows = {
  raceThen: {
    run: async (c) => {
      const first = await Promise.race([c.step('a'), c.step('b')])
      return first + (await c.step(`after-${first}`))
    },
    check: (output, world) => {
      const winner = firstOf(world, 'a', 'b')
      return output === `${winner}after-${winner}`
    },
  },
  raceReturn: {
    run: (c) => Promise.race([c.step('a'), c.step('b')]),
    check: (output, world) => output === firstOf(world, 'a', 'b'),
  },
  tryCatch: {
    run: async (c) => {
      const first = await c.step('bad', failing(9)).catch(() => c.step('fix'))
      return first + (await c.step('end'))
    },
  },
  retry: {
    run: async (c) => {
      const [a, b] = await Promise.all([c.step('r', failing(2), { max: 9 }), c.step('b')])
      return a + b + (await c.step('c'))
    },
  },
  looped: {
    run: async (c) => {
      let text = ''
      for (let i = 0; i < 4; i++) text += await c.step('x')
      return text
    },
  },
  raceAgain: {
    run: async (c) => {
      await Promise.race([c.step('a'), c.step('b')])
      const again = await c.step('a').catch(codeOf)
      await c.step('c')
      return again
    },
    check: (output, world) => output === (firstOf(world, 'a', 'b') === 'a' ? 'a#2' : 'step/ambiguous'),
  },
  settled: {
    run: async (c) => {
      const both = async (): Promise<string> => {
        await c.step('b')
        return c.step('d')
      }
      return outcomes(await Promise.allSettled([c.step('a', failing(9)), both()])) + (await c.step('e'))
    },
  },
  lateAwait: {
    run: async (c) => {
      const a = c.step('a')
      const b = c.step('b', failing(9))
      await a
      await b.catch(() => undefined)
      return c.step('c')
    },
  },
  chains: {
    run: async (c) => {
      const same = (text: string): string => text
      const slow = c.step('a').then(same).then(same).then(same)
      const first = await Promise.race([slow, c.step('b')])
      await c.raw(3)
      return first + (await c.step(`n-${first}`))
    },
    check: (output, world) => {
      const winner = firstOf(world, 'a', 'b')
      return output === `${winner}n-${winner}`
    },
  },
  rawRace: {
    run: async (c) => {
      const later = async (): Promise<string> => {
        await c.raw(30)
        return c.step('a')
      }
      const first = await Promise.race([later(), c.step('b', undefined, { slow: 12 })])
      return first + (await c.step(`after-${first}`))
    },
    check: (output, world) => {
      const winner = firstOf(world, 'a', 'b')
      return output === `${winner}after-${winner}`
    },
  },
}
