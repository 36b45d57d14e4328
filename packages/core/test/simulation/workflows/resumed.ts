import { failing } from './helpers.ts'
import type { Workflows } from '../workflow.ts'

/** Failures that end the run, and what resuming it does. */
export const resumed: Workflows = {
  failResume: {
    resumes: 1,
    run: async (c) => {
      await c.step('a')
      const flaky = await c.step('flaky', failing(1))
      return flaky + (await c.step('b'))
    },
  },
  failParallel: {
    resumes: 3,
    run: (c) => Promise.all([c.step('a'), c.step('flaky', failing(1)), c.step('b')]),
  },
  failFan: {
    resumes: 3,
    run: (c) =>
      c.fanOut(
        'f',
        4,
        async (d, i) => {
          const x = await d.step('x')
          return x + (await d.step('y', i === 2 ? failing(1) : undefined))
        },
        4,
      ),
  },
  failFanRaw: {
    resumes: 3,
    run: (c) =>
      c.fanOut(
        'f',
        4,
        async (d, i) => {
          await d.raw()
          const x = await d.step('x', i === 2 ? failing(1) : undefined)
          await d.raw()
          return x + (await d.step('y'))
        },
        4,
      ),
  },
  failChild: {
    resumes: 2,
    run: async (c) => {
      await c.step('a')
      return c.child('k', async (d) => {
        await d.step('m1')
        return d.step('m2', failing(1))
      })
    },
  },
  failAll: { resumes: 1, run: (c) => c.fanOut('f', 4, (d) => d.step('x', failing(1)), 4) },
  failWrapped: {
    resumes: 1,
    run: async (c) => {
      try {
        return await c.step('x', failing(1))
      } catch (error) {
        throw new Error('wrapped', { cause: error })
      }
    },
  },
  retryOut: {
    resumes: 2,
    run: async (c) => (await c.step('a')) + (await c.step('r', failing(3), { max: 3 })),
  },
  retryOutAgain: { resumes: 1, run: (c) => c.step('r', failing(5), { max: 3 }) },
  onceFail: {
    resumes: 2,
    may: ['failed'],
    run: async (c) => {
      await c.step('a')
      return c.step('pay', failing(1), { once: true })
    },
    verify: (_, world) =>
      world.state === 'failed' && world.refused === undefined ? 'a once effect was resumed' : undefined,
  },
  onceUnknown: {
    resumes: 2,
    may: ['failed'],
    run: async (c) => {
      await c.step('a')
      return c.step('pay', undefined, { once: true })
    },
  },
  handled: {
    resumes: 1,
    may: ['failed'],
    run: async (c) => {
      try {
        return await c.step('pay', failing(9))
      } catch (error) {
        await c.step('undo')
        throw error
      }
    },
  },
  handledByWait: {
    resumes: 1,
    signals: ['human'],
    may: ['failed'],
    run: async (c) => {
      try {
        return await c.step('pay', failing(1))
      } catch (error) {
        await c.wait('human')
        throw error
      }
    },
  },
}
