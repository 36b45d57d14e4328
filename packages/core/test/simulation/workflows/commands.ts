import type { StandardSchema } from '../../../src/schema/standard-schema.ts'
import { failing, messageOf } from './helpers.ts'
import type { SimContext } from '../sim-context.ts'
import type { Workflow, Workflows } from '../workflow.ts'

/** Takes numbers only, and its time when it is given one. */
function numbers(later?: () => Promise<void>): StandardSchema {
  const check = (value: unknown) =>
    typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] }
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: later === undefined ? check : async (value) => later().then(() => check(value)),
    },
  }
}

const throwing: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      if (value === 'poison') throw new Error('no schema for this')
      return { value }
    },
  },
}

/** Something of everything, for cancels to hit. */
async function busy(c: SimContext): Promise<unknown> {
  await c.step('a')
  const all = await Promise.all([
    c.fanOut('f', 3, async (d) => (await d.step('x')) + (await d.step('y'))),
    c.child('k', async (d) => (await d.step('1')) + (await d.step('2', failing(1), { max: 3, delayMs: 30 }))),
    c.sleep('nap', 120).then(String),
  ])
  return [all, await c.step('b')]
}

const cancelled: Pick<Workflow, 'may' | 'verify'> = {
  may: ['cancelled'],
  verify: (_, world) =>
    world.state === 'cancelled' || world.state === 'succeeded'
      ? undefined
      : `a cancel left it ${world.state}`,
}

/** Cancels, and signals that schemas refuse. */
export const commands: Workflows = {
  cancelBusy: { cancelWithin: 250, run: busy, ...cancelled },
  cancelWaiting: {
    cancelWithin: 400,
    run: async (c) => {
      await c.step('a')
      return Promise.all([c.wait('never'), c.child('k', (d) => d.wait('never')), c.step('b')])
    },
    ...cancelled,
  },
  cancelBackground: {
    cancelWithin: 400,
    run: async (c) => {
      void c.child('bg', (d) => d.wait('never'))
      return c.step('a')
    },
    ...cancelled,
  },
  cancelIgnored: {
    cancelWithin: 150,
    run: async (c) => {
      await c.step('a').catch(messageOf)
      await c.step('b').catch(messageOf)
      await c.raw(30)
      return c.step('c').catch(messageOf)
    },
    ...cancelled,
    check: (output) => output === 'c',
  },
  rejected: {
    signals: [
      { name: 'w', value: 'one' },
      { name: 'w', value: { two: 2 } },
      { name: 'w', value: 3 },
    ],
    run: async (c) => {
      const [value, x] = await Promise.all([c.wait('w', { schema: numbers(() => c.raw(20)) }), c.step('x')])
      return `${String(value)}${x}`
    },
    verify: (_, world) => {
      const refused = world.entries
        .filter(({ type }) => type === 'signal.rejected')
        .map(({ data }) => (data as { commandId: string }).commandId)
      return new Set(refused).size === refused.length ? undefined : 'a signal was rejected twice'
    },
  },
  rejectedByThrow: {
    signals: [
      { name: 'w', value: 'poison' },
      { name: 'w', value: 'good' },
    ],
    run: (c) => c.wait('w', { schema: throwing }),
  },
  cancelValidating: {
    signals: [{ name: 'w', value: 7 }],
    sendWithin: 3,
    cancelWithin: 120,
    run: async (c) => {
      const value = await c.wait('w', { schema: numbers(() => c.raw(60)) })
      return `${String(value)}${await c.step('x')}`
    },
    ...cancelled,
  },
  sameName: {
    signals: [
      { name: 'w', value: 'first' },
      { name: 'w', value: 'second' },
    ],
    run: (c) =>
      c.fanOut('f', 2, async (d) => {
        await d.raw(30)
        return d.wait('w')
      }),
    check: (output) => [...(output as string[])].sort().join(',') === 'first,second',
    verify: (_, world) => {
      const opened = world.entries
        .filter(({ type }) => type === 'wait.opened')
        .map(({ data }) => (data as { key: string }).key)
      const resolved = world.entries
        .filter(({ type }) => type === 'wait.resolved')
        .map(({ data }) => (data as { key: string }).key)
      return resolved.every((key, index) => key === opened[index])
        ? undefined
        : 'waits of one name were not served in order'
    },
  },
  signalByKey: {
    signals: [
      { name: 'w', key: 'f/1/w', value: 'for one' },
      { name: 'w', value: 'for any' },
    ],
    run: (c) => c.fanOut('f', 2, (d) => d.wait('w')),
    check: (output) => JSON.stringify(output) === '["for any","for one"]',
  },
  givenBack: {
    signals: [
      { name: 'w', value: 1 },
      { name: 'w', value: 2 },
    ],
    sendWithin: 3,
    run: async (c) => {
      const items = c.fanOut('f', 2, async (d, i) => {
        if (i === 0) return d.wait('w', { schema: numbers(() => d.raw(60)) })
        return d.step('bad', failing(9))
      })
      await items.catch(messageOf)
      return c.wait('w')
    },
    check: (output) => output === 1 || output === 2,
    verify: (history, world) => {
      const first = (world.inbox[0]?.data as { commandId?: string } | undefined)?.commandId
      const inItem = history.results.some(({ data }) => data.key === 'f/0/w')
      const last = history.results.find(({ data }) => data.key === 'w')?.data as
        { commandId?: string } | undefined
      return inItem || last?.commandId === first
        ? undefined
        : 'a signal was lost with the wait that looked at it'
    },
  },
}
