import { codeOf, failing, messageOf, outcomes } from './helpers.ts'
import type { Workflows } from '../workflow.ts'

/** Over the size that an entry holds. */
const big = 'x'.repeat(70_000)
const bigBody = (): string => big

/** Large values, values that cannot be stored, keys, and ends that are hard to tell apart. */
export const values: Workflows = {
  blobs: {
    signals: [{ name: 'w', value: big }],
    run: async (c) => {
      const [a, b, k, w] = await Promise.all([
        c.step('a', bigBody),
        c.step('b'),
        c.child(
          'k',
          async (d) =>
            (await d.step('1', bigBody, { folded: true })) + (await d.step('2', bigBody, { folded: true })),
        ),
        c.wait('w'),
      ])
      return `${a.length}${b}${k.length}${String(w).length}${await c.step('z')}`
    },
  },
  blobRace: {
    run: async (c) => {
      const first = await Promise.race([c.step('a', () => `a${big}`), c.step('b', () => `b${big}`)])
      const winner = first.charAt(0)
      return winner + (await c.step(`after-${winner}`))
    },
    check: (output) => output === 'aafter-a' || output === 'bafter-b',
  },
  bigOutput: { run: (c) => c.step('a', bigBody), check: (output) => output === undefined },
  unstorable: {
    run: async (c) => {
      const code = await c.step('date', () => new Date(0), { max: 5 }).catch(codeOf)
      return code + (await c.step('z'))
    },
    verify: (_, world) =>
      world.entries.some(({ type }) => type === 'step.retried') ? 'it was tried again' : undefined,
  },
  explicitKeys: {
    run: async (c) => {
      const pair = await Promise.all([
        c.step('x', undefined, { key: 'k1' }),
        c.step('x', undefined, { key: 'k2' }),
      ])
      const again = await Promise.allSettled([c.step('x'), c.step('x')])
      return pair.join() + outcomes(again) + (await c.step('x', undefined, { key: 'k1' }))
    },
  },
  reconciled: {
    run: async (c) => {
      const done = await c
        .step('pay', undefined, {
          once: true,
          reconcile: (world, key) =>
            world.effects.some((effect) => effect.key === key) ? { done: 'found' } : 'unknown',
        })
        .catch(codeOf)
      return `${done}${await c.step('z')}`
    },
    check: (output) => ['payz', 'foundz', 'step/unknown-outcomez'].includes(String(output)),
  },
  reconciledResume: {
    resumes: 2,
    may: ['failed'],
    run: (c) => c.step('pay', failing(1), { once: true, reconcile: () => ({ done: 'found' }) }),
    check: (output) => output === 'found',
  },
  anyFails: {
    resumes: 3,
    run: (c) => Promise.any([c.step('a', failing(1)), c.step('b', failing(1))]),
    check: (output) => output === 'ok1',
  },
  lateFailures: {
    resumes: 3,
    run: (c) =>
      Promise.all([
        c.step('a', failing(1)),
        c.step('b', failing(1), { slow: 40 }),
        c.child('k', (d) => d.step('x', failing(1), { slow: 30 })),
      ]),
  },
  childrenFail: {
    resumes: 4,
    run: (c) => {
      const child = (name: string): Promise<string> =>
        c.child(
          name,
          async (d) => (await d.step('x')) + (await d.child('in', (e) => e.step('y', failing(1)))),
        )
      return Promise.all([child('one'), child('two')])
    },
  },
  optional: {
    resumes: 3,
    run: (c) => {
      const optional = async (): Promise<string> => {
        const left = await c.step('opt', failing(9), { slow: 20 }).catch(messageOf)
        return left + (await c.step('rest'))
      }
      return Promise.all([c.step('a', failing(1), { slow: 10 }), optional()])
    },
    may: ['failed'],
  },
  endsInCutScope: {
    run: async (c) => {
      const items = c.fanOut('f', 3, async (d, i) => {
        if (i === 1) return d.step('bad', failing(9))
        return (await d.step('x', undefined, { slow: 15 })) + (await d.step('y'))
      })
      return (await items.catch(messageOf)) + (await c.step('z'))
    },
  },
}
