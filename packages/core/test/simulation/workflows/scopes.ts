import { codeOf, messageOf } from './helpers.ts'
import type { Workflows } from '../workflow.ts'

/** Children, fan-outs and what runs beside the program. */
export const scopes: Workflows = {
  tools: {
    signals: ['ok'],
    run: (c) =>
      c.child('agent', async (a) => {
        const m = await a.step('m1')
        const approved = async (): Promise<string> => {
          await a.wait('ok')
          return a.step('tA')
        }
        const results = await Promise.all([approved(), a.step('tB'), a.step('tC')])
        return [m, ...results, await a.step('m2')]
      }),
  },
  onceTools: {
    signals: ['ok'],
    run: (c) =>
      c.child('agent', async (a) => {
        await a.step('m1')
        const once = (name: string): Promise<string> =>
          a.step(name, undefined, { once: true }).catch(messageOf)
        const approved = async (): Promise<string> => {
          await a.wait('ok')
          return once('tA')
        }
        await Promise.all([approved(), once('tB')])
        return a.step('m2')
      }),
  },
  fan5raw: {
    run: (c) =>
      c.fanOut('f', 5, async (d) => {
        await d.raw()
        const x = await d.step('x')
        await d.raw()
        return x + (await d.step('y'))
      }),
  },
  nested: {
    run: (c) =>
      c.fanOut('o', 3, (d) =>
        d.fanOut('i', 3, async (e) => {
          const x = await e.step('x')
          return x + (await e.step('x'))
        }),
      ),
  },
  background: {
    run: async (c) => {
      void c.child('bg', async (d) => {
        await d.step('x')
        await d.raw(40)
        return d.step('y')
      })
      await c.step('a')
      return 'done'
    },
    verify: ({ results }) =>
      results.some(({ data }) => data.key === 'bg') ? undefined : 'the run ended before its child',
  },
  childTimeout: {
    run: async (c) => {
      const slow = c.child(
        'k',
        async (d) => {
          await d.step('x')
          return d.step('slow', undefined, { slow: 200 })
        },
        { timeout: 90 },
      )
      const result = await slow.catch((error: unknown) => {
        if (codeOf(error) !== 'operation/timeout') throw error
        return 't'
      })
      return result + (await c.step('z'))
    },
    check: () => true,
  },
}
