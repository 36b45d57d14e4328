import type { CheckpointKind } from '../../../src/define/checkpoints.ts'
import type { RunHistory } from '../../../src/history/fold.ts'
import type { SimContext } from '../sim-context.ts'
import type { Workflows } from '../workflow.ts'
import type { World } from '../world.ts'
import { codeOf, failing, outcomes } from './helpers.ts'

const write = (
  c: SimContext,
  sequence: number,
  payload: unknown,
  kind: CheckpointKind = 'summary',
): Promise<string> =>
  c.checkpoints
    .write({ kind, sequence, payload: payload as string })
    .then((info) => `${info.kind}${sequence}`)

/** Texts as they are, so that outputs can be compared by eye. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const listed = async (c: SimContext): Promise<string> =>
  (await c.checkpoints.list())
    .map(({ kind, sequence, payload }) => `${kind}${sequence}=${textOf(payload)}`)
    .join()

/** The checkpoints that must be there at the end, each written once if it was never deleted. */
function leaves(...expected: readonly string[]): (history: RunHistory, world: World) => string | undefined {
  return (history, world) => {
    const keys = [...history.checkpoints.keys()].toSorted().join()
    if (keys !== expected.toSorted().join()) return `the checkpoints are ${keys}`
    for (const key of expected) {
      const times = world.entries.filter(
        ({ type, data }) => type === 'checkpoint.written' && keyOf(data as unknown as Named) === key,
      ).length
      if (times !== 1) return `${key} was written ${times} times`
    }
    return undefined
  }
}

interface Named {
  readonly kind: string
  readonly sequence: number
}

const keyOf = ({ kind, sequence }: Named): string => `${kind}/${sequence}`

/** What a run leaves beside its output: checkpoints and memory. */
export const records: Workflows = {
  checkpoints: {
    run: async (c) => {
      const first = await write(c, 1, await c.step('a'))
      const [b, second] = await Promise.all([c.step('b'), write(c, 2, 'two')])
      const gone = await c.checkpoints.delete({ kind: 'summary', sequence: 1 })
      const read = await c.checkpoints.read({ kind: 'summary', sequence: 1 })
      return [first, b, second, gone, read === undefined, await listed(c)].join()
    },
    verify: leaves('summary/2'),
  },
  checkpointAgain: {
    run: async (c) => {
      const twice = [await write(c, 1, 'same'), await write(c, 1, 'same')]
      const other = await write(c, 1, 'other').catch(codeOf)
      return [...twice, other, await listed(c)].join() + (await c.step('z'))
    },
    verify: leaves('summary/1'),
  },
  checkpointRace: {
    run: async (c) => {
      const both = await Promise.allSettled([write(c, 1, 'one'), write(c, 1, 'two'), c.step('a')])
      return outcomes(both) + (await listed(c))
    },
    verify: leaves('summary/1'),
  },
  checkpointBlob: {
    run: async (c) => {
      const payload = 'x'.repeat(70_000)
      await Promise.all([write(c, 1, payload), c.step('a'), write(c, 2, 'small')])
      const read = await c.checkpoints.read({ kind: 'summary', sequence: 1 })
      return textOf(read?.payload).length + (await c.step('z'))
    },
    verify: leaves('summary/1', 'summary/2'),
  },
  checkpointWait: {
    signals: ['w'],
    run: async (c) => {
      await write(c, 1, 'before', 'handoff')
      const value = String(await c.wait('w'))
      await write(c, 2, value, 'handoff')
      return (await listed(c)) + (await c.step('z'))
    },
    verify: leaves('handoff/1', 'handoff/2'),
  },
  checkpointScopes: {
    run: async (c) => {
      const items = await c.fanOut('f', 3, async (d, index) => {
        await d.step('x')
        await write(d, index, `item ${index}`)
        return listed(d)
      })
      const child = await c.child('k', async (d) => {
        await write(d, 9, 'child', 'goal_state')
        return listed(d)
      })
      return [...items, child, await listed(c)].join(';')
    },
    verify: leaves('summary/0', 'summary/1', 'summary/2', 'goal_state/9'),
  },
  checkpointTool: {
    run: async (c) => {
      const made = await Promise.all([c.checkpointingStep('t', 1), c.checkpointingStep('u', 2), c.step('a')])
      return made.join() + (await listed(c)) + (await c.step('z'))
    },
    verify: leaves('handoff/1', 'handoff/2'),
  },
  checkpointResumed: {
    resumes: 3,
    run: async (c) => {
      await write(c, 1, 'before')
      const mended = await c.step('bad', failing(1))
      return [mended, await write(c, 2, 'after'), await listed(c)].join()
    },
    verify: leaves('summary/1', 'summary/2'),
  },
  checkpointCut: {
    run: async (c) => {
      const items = c.fanOut('f', 2, async (d, index) => {
        if (index === 1) return d.step('bad', failing(9), { slow: 5 })
        await write(d, 1, 'kept')
        return d.step('y', undefined, { slow: 40 })
      })
      return (await items.catch(() => 'cut')) + (await listed(c))
    },
    verify: leaves('summary/1'),
  },
  memory: {
    run: async (c) => {
      const scope = c.memory.session
      await Promise.all([scope.write('k', 1), c.memory.user('u').write('k', 'user'), c.step('a')])
      const before = (await scope.read('k'))?.value
      await Promise.all([scope.write('k', 2), scope.write('k2', 'words to find')])
      const reads = await Promise.all([scope.read('k'), scope.read('k'), c.memory.user('u').read('k')])
      await scope.delete('k')
      const { records: left } = await scope.list()
      const found = await scope.search('find')
      return [
        textOf(before),
        ...reads.map((read) => textOf(read?.value)),
        left.length,
        found.length,
        await c.step('z'),
      ].join()
    },
    check: (output, { hasPaused }) =>
      output === '1,2,2,user,1,1,z' ||
      // Memory knows no leases: a call that was on its way when its process was stopped may land late.
      (hasPaused && /^1,[12],[12],user,[12],1,z$/.test(String(output))),
  },
  memoryRaw: {
    run: async (c) => {
      const one = async (key: string): Promise<string> => {
        await c.raw(30)
        await c.memory.run.write(key, key)
        return textOf((await c.memory.run.read(key))?.value)
      }
      return (await Promise.all([one('left'), one('right')])).join()
    },
    check: (output) => output === 'left,right',
  },
  memoryWait: {
    signals: ['w'],
    run: async (c) => {
      await c.memory.run.write('before', 'yes')
      const value = String(await c.wait('w'))
      const items = await c.fanOut('f', 2, async (d, index) => {
        await d.memory.run.write(`item${index}`, value)
        return textOf((await d.memory.run.read('before'))?.value)
      })
      const { records: all } = await c.memory.run.list({ prefix: 'item' })
      return [...items, ...all.map((record) => textOf(record.value))].join()
    },
    check: (output) => output === 'yes,yes,vw,vw',
  },
}
