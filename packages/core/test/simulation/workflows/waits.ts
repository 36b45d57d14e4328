import type { Workflows } from '../workflow.ts'

/** Signals that come early, late, or while something else goes on. */
export const waits: Workflows = {
  allChildWait: {
    signals: ['k1', 'k2'],
    run: (c) =>
      Promise.all([
        c.child('c', async (d) => {
          await d.step('a')
          const value = await d.wait('k1')
          return `${String(value)}${await d.step('b')}`
        }),
        c.wait('k2'),
      ]),
  },
  early: {
    signals: ['s'],
    sendWithin: 3,
    run: async (c) => {
      const a = await c.step('a')
      const value = await c.wait('s')
      return `${a}${String(value)}${await c.step('b')}`
    },
  },
  fanWaitRaw: {
    signals: ['go'],
    run: (c) =>
      c.fanOut('f', 3, async (d, i) => {
        await d.raw()
        if (i === 1) await d.wait('go')
        await d.raw()
        return d.step('y')
      }),
  },
  raceWait: {
    signals: ['w'],
    run: async (c) => {
      await Promise.race([c.wait('w'), c.step('a')])
      await c.step('z')
      return 'x'
    },
  },
  notifyWait: {
    signals: ['ack'],
    needs: 'notify',
    run: (c) => {
      const notify = async (): Promise<string> => {
        await c.raw(20)
        return c.step('notify')
      }
      return Promise.all([c.wait('ack'), notify()])
    },
  },
  diamond: {
    signals: ['p', 'q'],
    run: (c) =>
      Promise.all([
        c.fanOut('f', 2, async (d, i) => {
          const value = await d.wait(i === 1 ? 'p' : 'q')
          const done = await d.child('k', async (e) => {
            await e.step('1')
            return e.step('2')
          })
          return `${String(value)}${done}`
        }),
        c.child('s', (d) => d.fanOut('g', 2, (e) => e.step('z'))),
      ]),
  },
  bgWait: {
    signals: ['w'],
    run: (c) => {
      void c.child('bg', async (d) => {
        await d.wait('w')
        return d.step('y')
      })
      return c.step('a')
    },
  },
  suspendGap: {
    signals: ['w1', 'w2', 'w3', 'w4'],
    sendWithin: 700,
    run: async (c) => {
      const values: string[] = []
      for (const name of ['w1', 'w2', 'w3', 'w4']) values.push(String(await c.wait(name)))
      return values
    },
  },
}
