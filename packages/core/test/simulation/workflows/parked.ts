import type { RunHistory } from '../../../src/history/fold.ts'
import type { Workflow, Workflows } from '../workflow.ts'
import { codeOf, failing } from './helpers.ts'

/** Whatever happened, the account of the journal stays within the limits and knows of every answer. */
const balances: Workflow['verify'] = ({ budget, results }: RunHistory) => {
  if (budget === undefined) return 'the budget is gone'
  const { limits, spent } = budget
  if (spent.tokens > (limits.tokens ?? Infinity)) return `${spent.tokens} tokens of ${limits.tokens}`
  const answered = results.reduce((sum, { data }) => sum + (data.label?.usage?.inputTokens ?? 0), 0)
  return spent.tokens < answered ? `${spent.tokens} tokens for answers of ${answered}` : undefined
}

const small = { most: 30, used: 10 }
const exact = { most: 20, used: 20 }

/** Steps that cannot go on for now: deferred retries, and model calls without a budget. */
export const parked: Workflows = {
  deferred: {
    run: async (c) => {
      await c.step('a')
      return (await c.step('d', failing(2), { max: 3, deferMs: 200 })) + (await c.step('z'))
    },
  },
  deferredBeside: {
    run: async (c) => {
      const [d, k, f] = await Promise.all([
        c.step('d', failing(1), { max: 3, deferMs: 300 }),
        c.child(
          'k',
          async (e) => (await e.step('1', failing(1), { max: 2, deferMs: 90 })) + (await e.step('2')),
        ),
        c.fanOut('f', 3, async (e, i) => {
          await e.sleep('nap', 50 * i)
          return e.step('x', failing(i), { max: 3, deferMs: 150 })
        }),
      ])
      return [d, k, f]
    },
  },
  deferredWait: {
    signals: ['w'],
    run: (c) => Promise.all([c.step('d', failing(1), { max: 2, deferMs: 250 }), c.wait('w'), c.step('x')]),
  },
  deferredCancelled: {
    cancelWithin: 250,
    may: ['cancelled'],
    run: async (c) => (await c.step('a')) + (await c.step('d', failing(2), { max: 3, deferMs: 100 })),
  },
  deferredCut: {
    run: async (c) => {
      const k = c.child('k', (d) => d.step('d', failing(9), { max: 9, deferMs: 900_000 }), { timeout: 40 })
      return (await k.catch(codeOf)) + (await c.step('z'))
    },
  },
  budgetLinear: {
    budget: { tokens: 40 },
    extendBy: { tokens: 20 },
    verify: balances,
    run: async (c) => {
      let text = ''
      for (let i = 0; i < 6; i++) text += (await c.call('m', exact)) + (await c.step('s'))
      return text
    },
  },
  budgetCalls: {
    budget: { modelCalls: 2, tokens: 10_000 },
    extendBy: { modelCalls: 2 },
    verify: balances,
    run: async (c) => {
      let text = ''
      for (let i = 0; i < 4; i++) text += await c.call('m', small, failing(1), { max: 9 })
      return text
    },
  },
  budgetFan: {
    budget: { tokens: 70 },
    extendBy: { tokens: 50 },
    verify: balances,
    run: (c) =>
      c.fanOut('f', 6, async (d, i) => {
        const first = await d.call('m', i % 2 === 0 ? small : exact)
        return first + (await d.child('k', (e) => e.call('n', exact)))
      }),
  },
  budgetWait: {
    budget: { tokens: 25 },
    extendBy: { tokens: 60 },
    signals: ['w', 'v'],
    verify: balances,
    run: (c) =>
      Promise.all([
        c.call('m', small),
        c.child('k', async (d) => `${String(await d.wait('w'))}${await d.call('n', small)}`),
        c.wait('v').then(async (v) => `${String(v)}${await c.step('x')}`),
      ]),
  },
  budgetBackground: {
    budget: { tokens: 30 },
    extendBy: { tokens: 40 },
    verify: (history, world) =>
      history.results.some(({ data }) => data.key === 'bg') || world.state !== 'succeeded'
        ? balances(history, world)
        : 'the run ended before a call that was parked',
    run: async (c) => {
      void c.child('k', (d) => d.call('n', exact))
      void c.call('bg', { most: 45, used: 45 })
      return c.step('a')
    },
  },
  budgetCancelled: {
    budget: { tokens: 25 },
    cancelWithin: 150,
    may: ['cancelled'],
    verify: (history, world) =>
      world.state === 'cancelled' ? balances(history, world) : `it is ${world.state}`,
    run: (c) => Promise.all([c.step('a'), c.call('m', small)]),
  },
  budgetRetries: {
    budget: { tokens: 70 },
    extendBy: { tokens: 70 },
    verify: balances,
    run: (c) =>
      Promise.all([
        c.call('m', exact, failing(2), { max: 9, delayMs: 5 }),
        c.call('d', exact, failing(1), { max: 9, deferMs: 120 }),
        c.step('x'),
      ]),
  },
  budgetFails: {
    budget: { tokens: 60 },
    extendBy: { tokens: 60 },
    resumes: 3,
    verify: balances,
    run: async (c) => {
      await c.call('m', exact)
      return (await c.call('n', exact, failing(1))) + (await c.call('o', exact))
    },
  },
  budgetCut: {
    budget: { tokens: 25 },
    verify: balances,
    run: async (c) => {
      const k = c.child('k', (d) => d.call('m', small), { timeout: 40 })
      return (await k.catch(codeOf)) + (await c.step('z'))
    },
  },
}
