import type { Head } from '@belay/core/ports'
import { brokenStore, elsewhere, freshId } from './broken-store.ts'
import type { BrokenStore } from './broken-store.ts'

const contract = 'journal' as const

/** Journals whose heads or drops are wrong. */
export const brokenHeads: readonly BrokenStore[] = [
  brokenStore(
    {
      name: 'writes heads after the entries of their batch',
      contract,
      rejectedBy: ['heads: a head is never ahead of or behind the entries of its batch'],
    },
    ({ journal }) => ({
      journal: {
        append: async ({ heads, ...batch }) => {
          const result = await journal.append(batch)
          await elsewhere()
          await elsewhere()
          if (heads !== undefined) await journal.append({ id: freshId(), heads })
          return result
        },
      },
    }),
  ),
  brokenStore(
    { name: 'writes heads one by one', contract, rejectedBy: ['heads: a query sees one moment'] },
    ({ journal }) => ({
      journal: {
        append: async ({ heads = [], ...batch }) => {
          const result = await journal.append(batch)
          for (const head of heads) {
            await elsewhere()
            await journal.append({ id: freshId(), heads: [head] })
          }
          return result
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'merges a head into the one before it',
      contract,
      rejectedBy: ['heads: a head is replaced as a whole'],
    },
    ({ journal }) => ({
      journal: {
        append: async (batch) => {
          const streams = (batch.heads ?? []).map((head) => head.stream)
          const before = new Map(
            (await journal.heads({ streams })).map((head): [string, Head] => [head.stream, head]),
          )
          return journal.append({
            ...batch,
            heads: (batch.heads ?? []).map((head) => ({ ...before.get(head.stream), ...head })),
          })
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'leaves out what is due at the very time',
      contract,
      rejectedBy: ['heads: a query by a due time, at or before it gives the heads that match, in order'],
    },
    ({ journal }) => ({
      journal: {
        heads: (query) =>
          journal.heads(query.dueBefore === undefined ? query : { ...query, dueBefore: query.dueBefore - 1 }),
      },
    }),
  ),
  brokenStore(
    {
      name: 'takes an empty list of streams for no condition',
      contract,
      rejectedBy: ['heads: a query by no stream at all gives the heads that match, in order'],
    },
    ({ journal }) => ({
      journal: {
        heads: ({ streams, ...query }) =>
          journal.heads(streams === undefined || streams.length === 0 ? query : { ...query, streams }),
      },
    }),
  ),
  brokenStore(
    {
      name: 'takes any lease for a live one',
      contract,
      rejectedBy: ['heads: a head becomes unowned when its lease is released, reclaimed or expires'],
    },
    ({ journal, leases }) => {
      const everHeld = new Set<string>()
      return {
        leases: {
          acquire: (key, owner, ttlMs) => {
            everHeld.add(key)
            return leases.acquire(key, owner, ttlMs)
          },
        },
        journal: {
          heads: async (query) => {
            const found = await journal.heads(query)
            return query.unowned === true
              ? found.filter(({ leaseKey = '' }) => !everHeld.has(leaseKey))
              : found
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'keeps the head of a dropped stream',
      contract,
      rejectedBy: [
        'drop: removes the entries and the head of its stream and of no other',
        'drop: a stream that has only a head loses it',
      ],
    },
    ({ journal }) => ({
      journal: {
        append: async (batch) => {
          const kept = await journal.heads({ streams: batch.drop ?? [] })
          return journal.append({ ...batch, heads: [...kept, ...(batch.heads ?? [])] })
        },
      },
    }),
  ),
]
