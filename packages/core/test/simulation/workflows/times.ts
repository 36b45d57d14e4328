import { codeOf, failing } from './helpers.ts'
import type { Workflows } from '../workflow.ts'

/** Delays, due times and limits, with crashes in between. */
export const times: Workflows = {
  retryDelay: {
    run: async (c) => {
      const [a, b] = await Promise.all([c.step('r', failing(2), { max: 9, delayMs: 150 }), c.step('b')])
      return a + b
    },
  },
  waitTimeout: {
    run: async (c) => {
      const [ended, x] = await Promise.all([c.wait('w', { timeoutMs: 300 }).catch(codeOf), c.step('x')])
      return `${String(ended)}${x}${await c.step('y')}`
    },
  },
  waitTimeoutRace: {
    signals: ['w'],
    sendWithin: 150,
    run: async (c) => {
      await c.step('x')
      return (await c.wait('w', { timeoutMs: 40 }).catch(codeOf)) as string
    },
    check: (output) => output === 'vw' || output === 'operation/timeout',
    verify: (_, world) => {
      const opened = world.entries.find(({ type }) => type === 'wait.opened')?.data as
        { dueAt: number } | undefined
      const timedOut = world.entries.some(
        ({ type, data }) => type === 'wait.resolved' && (data as { status: string }).status === 'failed',
      )
      return timedOut && world.recordedAt.some((at) => at <= (opened?.dueAt ?? 0))
        ? 'a signal before the due time lost'
        : undefined
    },
  },
  waitTimeoutFails: {
    resumes: 2,
    signals: ['w'],
    may: ['failed'],
    run: async (c) => {
      await c.step('x')
      return `${String(await c.wait('w', { timeoutMs: 100 }))}${await c.step('y')}`
    },
    verify: ({ finished }) =>
      finished?.outcome === 'failed' && finished.error.code !== 'operation/timeout'
        ? finished.error.message
        : undefined,
  },
  sleeps: {
    run: (c) =>
      Promise.all([
        c.fanOut('f', 3, async (d, i) => {
          await d.sleep('nap', 40 + 100 * i)
          return d.step('x')
        }),
        c.sleep('night', 500).then(String),
        c.step('a'),
      ]),
  },
  stepTimeout: {
    run: async (c) => {
      const slowFirst = (before: number): number => (before === 0 ? 400 : 1)
      return (
        (await c.step('slow', undefined, { slow: slowFirst, timeoutMs: 50, max: 4 })) + (await c.step('z'))
      )
    },
  },
  deadline: {
    timeoutMs: 120,
    may: ['failed'],
    run: async (c) => {
      let text = ''
      for (let i = 0; i < 40; i++) text += await c.step('x', undefined, { slow: 10 })
      return text
    },
    verify: ({ finished }) => {
      const code = finished?.outcome === 'failed' ? finished.error.code : finished?.outcome
      return code === 'operation/timeout' ? undefined : `it ended as ${String(code)}`
    },
  },
  deadlineBackground: {
    timeoutMs: 150,
    may: ['failed'],
    run: async (c) => {
      void c.child('bg', (d) => d.step('for-ever', undefined, { slow: 900_000 }))
      return c.step('a')
    },
    verify: (_, world) =>
      world.state === 'failed' && world.sim.now < 200_000 ? undefined : 'the limit did not reach the child',
  },
  childTimeoutDeep: {
    run: async (c) => {
      const k = c.child('k', (d) => d.child('deep', (e) => e.step('slow', undefined, { slow: 900_000 })), {
        timeout: 90,
      })
      return (await k.catch(codeOf)) + (await c.step('z'))
    },
    verify: (_, world) => (world.sim.now < 200_000 ? undefined : 'the effect was not told to end'),
  },
  childTimeoutFan: {
    run: async (c) => {
      const stuck = (d: typeof c): Promise<string[]> =>
        d.fanOut('f', 2, () => new Promise<string>(() => undefined))
      const k = c.child('k', stuck, { timeout: 90 })
      return String(await k.catch(codeOf)) + (await c.step('z'))
    },
  },
  childOwnSignal: {
    run: async (c) => {
      const stop = new AbortController()
      const k = c.child('k', (d) => d.step('slow', undefined, { slow: 900_000 }), { signal: stop.signal })
      await c.step('a')
      stop.abort()
      return (await k.catch(codeOf)) + (await c.step('z'))
    },
    verify: (_, world) => (world.sim.now < 200_000 ? undefined : 'the effect was not told to end'),
  },
}
