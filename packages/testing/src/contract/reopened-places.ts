import type { Store } from '@belay/core/ports'
import { acquireToken, newBatchId, write } from './journal-writing.ts'
import { longTtlMs } from './store-case.ts'
import type { StorePlaceFactory } from './store-place.ts'

/**
 * Places whose store was opened, written, emptied and closed before a case gets it: what an adapter sets
 * up only on a fresh place is missing here.
 */
export function reopenedPlaces(places: StorePlaceFactory): StorePlaceFactory {
  return async () => {
    const place = await places()
    let isUsed = false
    return {
      ...place,
      open: async () => {
        if (!isUsed) {
          isUsed = true
          await use(await place.open())
        }
        return place.open()
      },
    }
  }
}

async function use(store: Store): Promise<void> {
  await write(store, 'used', 1, 2, 3)
  const token = await acquireToken(store, 'used', longTtlMs)
  await store.journal.append({
    id: newBatchId(),
    drop: ['used'],
    fence: { leaseKey: 'used', token, release: true },
  })
  await store.close()
}
