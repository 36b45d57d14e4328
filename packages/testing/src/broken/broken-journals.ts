import { journalErrorCodes, PortError } from '@belay/core/ports'
import { brokenStore, elsewhere, freshId } from './broken-store.ts'
import type { BrokenStore } from './broken-store.ts'

const contract = 'journal' as const

/** Journals whose checks and atomicity are wrong. */
export const brokenJournals: readonly BrokenStore[] = [
  brokenStore(
    {
      name: 'does not check the fence',
      contract,
      rejectedBy: [
        'fence: a token that was never given is refused',
        'fence: a holder whose lease expired is refused although nobody else took it',
        'fence: a stale holder is refused while its successor writes',
      ],
    },
    ({ journal, leases }) => ({
      journal: {
        append: async ({ fence, ...batch }) => {
          const result = await journal.append(batch)
          if (fence?.release === true) await leases.release(fence.leaseKey, fence.token)
          return result
        },
      },
    }),
  ),
  brokenStore(
    { name: 'checks expect before the fence', contract, rejectedBy: ['fence: is checked before expect'] },
    ({ journal }) => ({
      journal: {
        append: async (batch) => {
          for (const { stream, position } of batch.expect ?? []) {
            const actual = (await journal.read(stream, { limit: 10_000 })).length
            if (actual !== position)
              throw new PortError({ code: journalErrorCodes.conflict, message: 'expect first' })
          }
          return journal.append(batch)
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'checks the fence before the batch id',
      contract,
      rejectedBy: ['batch id: is looked at before the fence'],
    },
    ({ journal, leases }) => ({
      journal: {
        append: async (batch) => {
          const { fence } = batch
          if (fence !== undefined && (await leases.get(fence.leaseKey))?.token !== fence.token) {
            throw new PortError({ code: journalErrorCodes.fenced, message: 'fence first' })
          }
          return journal.append(batch)
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'ignores expect on streams that it does not write',
      contract,
      rejectedBy: [
        'expect: binds streams that the batch does not write',
        'expect: binds a batch that has no entries',
      ],
    },
    ({ journal }) => ({
      journal: {
        append: (batch) => {
          const written = new Set((batch.entries ?? []).map((part) => part.stream))
          return journal.append({
            ...batch,
            expect: (batch.expect ?? []).filter(({ stream }) => written.has(stream)),
          })
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'checks expect outside the transaction',
      contract,
      rejectedBy: ['expect: of many batches that expect one position exactly one is applied'],
    },
    ({ journal }) => ({
      journal: {
        append: async ({ expect, ...batch }) => {
          await journal.append({ id: freshId(), ...(expect === undefined ? {} : { expect }) })
          await elsewhere()
          return journal.append(batch)
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'applies half a batch',
      contract,
      rejectedBy: [
        'atomic: a refused batch leaves entries, heads, drops and its lease as they were',
        'append: batches in flight together over several streams stay whole',
      ],
    },
    ({ journal }) => ({
      journal: {
        append: async (batch) => {
          const [first, ...rest] = batch.entries ?? []
          if (first === undefined || rest.length === 0) return journal.append(batch)
          const half = await journal.append({ id: freshId(), entries: [first] })
          await elsewhere()
          const other = await journal.append({ ...batch, entries: rest })
          return { positions: { ...half.positions, ...other.positions } }
        },
      },
    }),
  ),
]
