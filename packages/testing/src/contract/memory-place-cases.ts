import assert from 'node:assert/strict'
import { portSpecs, storeErrorCodes } from '@belay/core/ports'
import type { Store } from '@belay/core/ports'
import { keysOf } from './memory-case.ts'
import type { MemoryCase } from './memory-case.ts'
import { skipCase } from './contract.ts'
import { refuses } from './refusals.ts'
import type { StoreCase } from './store-case.ts'

const persistent = ['store.persistent'] as const
const multiProcess = ['store.multi-process'] as const

/** Memory across stores over one place. */
export const memoryPlaceCases: readonly MemoryCase[] = [
  {
    title: 'persistent: records outlive the store',
    needs: persistent,
    run: async ({ memory, scope, reopen }) => {
      const record = await memory.set(scope('s'), 'k', {
        value: { a: ['word'] },
        tags: ['t'],
        metadata: { m: 1 },
      })
      await memory.set(scope('s'), 'gone', { value: 1 })
      await memory.delete(scope('s'), 'gone')
      const reopened = await reopen()
      assert.deepEqual(await reopened.get(scope('s'), 'k'), record)
      assert.deepEqual(keysOf((await reopened.list(scope('s'))).records), ['k'])
      if (reopened.search !== undefined) {
        const [match] = await reopened.search(scope('s'), { text: 'word' })
        assert.deepEqual(match?.record, record)
      }
    },
  },
  {
    title: 'persistent: a cursor goes on after the store was opened again',
    needs: persistent,
    run: async ({ memory, scope, reopen }) => {
      for (const key of ['a', 'b', 'c']) await memory.set(scope('s'), key, { value: 1 })
      const { cursor = '' } = await memory.list(scope('s'), { limit: 2 })
      assert.deepEqual(keysOf((await (await reopen()).list(scope('s'), { cursor })).records), ['c'])
    },
  },
  {
    title: 'multi-process: a second store sees what the first wrote, and the reverse',
    needs: multiProcess,
    run: async ({ memory, scope, openBeside }) => {
      const second = await openBeside()
      await memory.set(scope('s'), 'k', { value: 1 })
      assert.equal((await second.get(scope('s'), 'k'))?.value, 1)
      await second.set(scope('s'), 'k', { value: 2 })
      assert.equal((await memory.get(scope('s'), 'k'))?.value, 2)
      await second.delete(scope('s'), 'k')
      assert.equal(await memory.get(scope('s'), 'k'), undefined)
    },
  },
  {
    title: 'multi-process: writers over two stores at once lose nothing and mix nothing',
    needs: multiProcess,
    run: async ({ memory, scope, openBeside }) => {
      const memories = [memory, await openBeside()]
      const writes = memories.flatMap((each, of) =>
        Array.from({ length: 20 }, async (_, index) => {
          await each.set(scope('s'), `own-${of}-${index}`, { value: index })
          await each.set(scope('s'), 'shared', { value: { of, index }, tags: [`${of}-${index}`] })
        }),
      )
      await Promise.all(writes)
      const { records } = await memory.list(scope('s'), { limit: 1_000 })
      assert.equal(records.length, 41)
      const shared = records.find((record) => record.key === 'shared')
      assert.ok(shared !== undefined)
      const { of, index } = shared.value as { of: number; index: number }
      assert.deepEqual(shared.tags, [`${of}-${index}`])
    },
  },
]

function memoryOf(store: Store): NonNullable<Store['memory']> {
  return store.memory ?? skipCase('the store has no memory')
}

/** What the store says of its memory, and its end. */
export const memoryStoreCases: readonly StoreCase[] = [
  {
    title: 'info: names the spec of memory, and only capabilities that the port knows',
    run: async ({ store }) => {
      memoryOf(store)
      assert.equal(store.info.specs.memory, portSpecs.memory)
      const known = /^memory\.(ttl|search|scope\.(run|session|agent|user|tenant))$/
      for (const capability of store.info.capabilities)
        if (capability.startsWith('memory.')) assert.match(capability, known)
    },
  },
  {
    title: 'close: every later call to the memory is refused as closed',
    run: async ({ store }) => {
      const memory = memoryOf(store)
      const scope = { kind: 'session', id: 's' } as const
      await memory.set(scope, 'k', { value: 1 })
      await store.close()
      const calls: readonly (() => Promise<unknown>)[] = [
        () => memory.get(scope, 'k'),
        () => memory.set(scope, 'k', { value: 1 }),
        () => memory.delete(scope, 'k'),
        () => memory.list(scope),
        ...(memory.search === undefined ? [] : [async () => memory.search?.(scope, { text: 'k' })]),
      ]
      for (const call of calls) await refuses(call, storeErrorCodes.closed)
    },
  },
  {
    title: 'corrupt: a record that was changed below the store is reported, and the others are not',
    run: async ({ store, place }) => {
      const memory = memoryOf(store)
      if (place.damage?.memory === undefined) skipCase('the memory of this place cannot be damaged')
      const scope = { kind: 'session', id: 's' } as const
      await memory.set(scope, 'a', { value: 'bbb' })
      await memory.set(scope, 'c', { value: 'ddd' })
      await place.damage.memory(scope, 'a')
      await refuses(() => memory.get(scope, 'a'), storeErrorCodes.corrupt)
      await refuses(() => memory.list(scope), storeErrorCodes.corrupt)
      assert.equal((await memory.get(scope, 'c'))?.value, 'ddd')
    },
  },
]
