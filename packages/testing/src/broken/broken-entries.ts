import type { AppendResult, Batch, Entry, Json } from '@belay/core/ports'
import { brokenStore, freshId } from './broken-store.ts'
import type { BrokenStore } from './broken-store.ts'

const contract = 'journal' as const

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}

const mapData = (batch: Batch, map: (data: Json) => Json): Batch => ({
  ...batch,
  entries: (batch.entries ?? []).map((part) => ({
    ...part,
    entries: part.entries.map((entry) => ({ ...entry, data: map(entry.data) })),
  })),
})

/** Journals that forget batches or change values. */
export const brokenEntries: readonly BrokenStore[] = [
  brokenStore(
    {
      name: 'does not remember batch ids',
      contract,
      rejectedBy: [
        'batch id: the same batch again returns its first result and writes nothing',
        'batch id: one batch sent many times at once is applied once',
      ],
    },
    ({ journal }) => ({ journal: { append: (batch) => journal.append({ ...batch, id: freshId() }) } }),
  ),
  brokenStore(
    {
      name: 'accepts a batch id with other content',
      contract,
      rejectedBy: ['batch id: the same id with other content is a conflict and writes nothing'],
    },
    ({ journal }) => {
      const results = new Map<string, AppendResult>()
      return {
        journal: {
          append: async (batch) => {
            const earlier = results.get(batch.id)
            if (earlier !== undefined) return structuredClone(earlier)
            const result = await journal.append(batch)
            if (Object.keys(result.positions).length > 0) results.set(batch.id, result)
            return result
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'never forgets a batch id',
      contract,
      rejectedBy: ['batch id: is forgotten with the last of its streams'],
    },
    ({ journal }) => {
      const results = new Map<string, AppendResult>()
      return {
        journal: {
          append: async (batch) => {
            const result = results.get(batch.id) ?? (await journal.append(batch))
            if (Object.keys(result.positions).length > 0) results.set(batch.id, result)
            return result
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'remembers batches without entries',
      contract,
      rejectedBy: ['batch id: a batch without entries is not remembered'],
    },
    ({ journal }) => {
      const seen = new Set<string>()
      return {
        journal: {
          append: async (batch) => {
            if (seen.has(batch.id) && (batch.entries ?? []).length === 0) return { positions: {} }
            seen.add(batch.id)
            return journal.append(batch)
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'leaves gaps in positions',
      contract,
      rejectedBy: ['append: positions of a new stream are dense from 1'],
    },
    ({ journal }) => ({
      journal: {
        read: async (stream, options) =>
          (await journal.read(stream, options)).map((entry) => ({
            ...entry,
            position: entry.position * 2 - 1,
          })),
      },
    }),
  ),
  brokenStore(
    { name: 'loses the order of members', contract, rejectedBy: ['values: the order of members is kept'] },
    ({ journal }) => ({ journal: { append: (batch) => journal.append(mapData(batch, sorted)) } }),
  ),
  brokenStore(
    { name: 'cuts texts at NUL', contract, rejectedBy: ['values: every sort of JSON comes back equal'] },
    ({ journal }) => ({
      journal: {
        append: (batch) =>
          journal.append(
            mapData(batch, (data) => (typeof data === 'string' ? (data.split('\u0000')[0] ?? '') : data)),
          ),
      },
    }),
  ),
  brokenStore(
    {
      name: 'hands out the values that it keeps',
      contract,
      rejectedBy: ['values: changing what was read does not change what is stored'],
    },
    ({ journal }) => {
      const kept = new Map<string, Entry>()
      return {
        journal: {
          read: async (stream, options) =>
            (await journal.read(stream, options)).map((entry) => {
              const key = `${stream} ${entry.position}`
              const first = kept.get(key) ?? entry
              kept.set(key, first)
              return first
            }),
        },
      }
    },
  ),
]
