import assert from 'node:assert/strict'
import { portSpecs, storeErrorCodes } from '@belay/core/ports'
import { batchOf, dataOf, write } from './journal-writing.ts'
import { skipCase } from './contract.ts'
import { refuses } from './refusals.ts'
import type { StoreCase } from './store-case.ts'

/** What the store says of itself, its end, and damage below it. */
export const storeLifeCases: readonly StoreCase[] = [
  {
    title: 'info: names the adapter, its package and the specs of journal, lease and blobs',
    run: async ({ store }) => {
      const { info } = store
      for (const name of [info.id, info.packageName, info.version]) assert.ok(name.length > 0)
      for (const port of ['journal', 'lease', 'blobs'] as const)
        assert.equal(info.specs[port], portSpecs[port])
      assert.equal(new Set(info.capabilities).size, info.capabilities.length, 'a capability is declared once')
    },
  },
  {
    title: 'close: every later call is refused as closed',
    run: async ({ store }) => {
      const ref = await store.blobs.put(new Uint8Array([1]))
      await store.close()
      const calls: readonly (() => Promise<unknown>)[] = [
        () => store.journal.append(batchOf('s', ['a'])),
        () => store.journal.read('s'),
        () => store.journal.heads({}),
        () => store.leases.acquire('k', 'owner', 1_000),
        () => store.leases.renew('k', 1, 1_000),
        () => store.leases.release('k', 1),
        () => store.leases.reclaim('k', 'owner'),
        () => store.leases.get('k'),
        () => store.blobs.put(new Uint8Array([1])),
        () => store.blobs.get(ref),
        () => store.blobs.sweep([], 0),
      ]
      for (const call of calls) await refuses(call, storeErrorCodes.closed)
    },
  },
  {
    title: 'close: may be called again',
    run: async ({ store }) => {
      await Promise.all([store.close(), store.close()])
      await store.close()
    },
  },
  {
    title: 'close: finishes the calls that are under way',
    run: async ({ store }) => {
      await write(store, 's', 'before')
      const underWay = Promise.all([
        store.journal.append(batchOf('s', ['a'])),
        store.journal.append(batchOf('s', ['b'])),
        store.journal.read('s'),
      ])
      await store.close()
      assert.deepEqual({ ...(await underWay)[1].positions }, { s: 3 })
    },
  },
  {
    title: 'corrupt: an entry that was changed below the store is reported with its stream and position',
    run: async ({ store, place }) => {
      if (place.damage?.entry === undefined) skipCase('the entries of this place cannot be damaged')
      await write(store, 's', 'a', 'b', 'c')
      await write(store, 'other', 'fine')
      await place.damage.entry('s', 2)
      await refuses(() => store.journal.read('s'), storeErrorCodes.corrupt, { stream: 's', position: 2 })
      assert.deepEqual(
        (await store.journal.read('s', { after: 2 })).map((entry) => entry.data),
        ['c'],
      )
      assert.deepEqual(await dataOf(store.journal, 'other'), ['fine'])
    },
  },
]
