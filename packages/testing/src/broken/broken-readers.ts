import { isCodedError, storeErrorCodes } from '@belay/core/ports'
import { brokenStore } from './broken-store.ts'
import type { BrokenStore } from './broken-store.ts'

const contract = 'journal' as const

/** Journals whose reads or misuse checks are wrong. */
export const brokenReaders: readonly BrokenStore[] = [
  brokenStore(
    {
      name: 'reads past the limit',
      contract,
      rejectedBy: ['read: gives exactly the limit while the stream goes on'],
    },
    ({ journal }) => ({
      journal: {
        read: (stream, options) => journal.read(stream, { ...options, limit: (options?.limit ?? 1_000) + 1 }),
      },
    }),
  ),
  brokenStore(
    {
      name: 'reads from the position given, not after it',
      contract,
      rejectedBy: [
        'read: gives only entries after the position asked for',
        'read: pages join without a gap or a repetition',
      ],
    },
    ({ journal }) => ({
      journal: {
        read: (stream, options) =>
          journal.read(stream, { ...options, after: Math.max(0, (options?.after ?? 0) - 1) }),
      },
    }),
  ),
  brokenStore(
    { name: 'has no default limit', contract, rejectedBy: ['read: the limit is 1,000 when none is given'] },
    ({ journal }) => ({
      journal: { read: (stream, options) => journal.read(stream, { limit: 1_000_000, ...options }) },
    }),
  ),
  brokenStore(
    {
      name: 'returns entries that do not match their checksum',
      contract,
      rejectedBy: [
        'corrupt: an entry that was changed below the store is reported with its stream and position',
      ],
    },
    ({ journal }) => ({
      journal: {
        read: async (stream, options) => {
          try {
            return await journal.read(stream, options)
          } catch (error) {
            if (!isCodedError(error, storeErrorCodes.corrupt)) throw error
            return []
          }
        },
      },
    }),
  ),
  brokenStore(
    { name: 'cuts long names', contract, rejectedBy: ['misuse: a stream name has at most 200 characters'] },
    ({ journal }) => ({
      journal: {
        append: (batch) =>
          journal.append({
            ...batch,
            entries: (batch.entries ?? []).map((part) => ({ ...part, stream: part.stream.slice(0, 200) })),
          }),
      },
    }),
  ),
  brokenStore(
    {
      name: 'answers after it was closed',
      contract,
      rejectedBy: ['close: every later call is refused as closed'],
    },
    ({ journal }) => ({
      journal: {
        read: async (stream, options) => {
          try {
            return await journal.read(stream, options)
          } catch {
            return []
          }
        },
      },
    }),
  ),
]
