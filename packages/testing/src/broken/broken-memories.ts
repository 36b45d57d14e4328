import type { Memory, MemoryRecord, MemoryScope, MemoryWrite } from '@belay/core/ports'
import { brokenStore, elsewhere } from './broken-store.ts'
import type { BrokenStore } from './broken-store.ts'

const contract = 'memory' as const

/** The memory of a good store. */
function good(memory: Memory | undefined): Memory {
  if (memory === undefined) throw new TypeError('Memory defects need a store with a memory')
  return memory
}

/** The same memory with every scope changed on its way in. */
function inScope(memory: Memory, change: (scope: MemoryScope) => MemoryScope): Partial<Memory> {
  return {
    get: (scope, key) => memory.get(change(scope), key),
    set: (scope, key, write) => memory.set(change(scope), key, write),
    delete: (scope, key) => memory.delete(change(scope), key),
    list: (scope, query) => memory.list(change(scope), query),
  }
}

/** The same memory with every key changed on its way in. */
function withKey(memory: Memory, change: (key: string) => string): Partial<Memory> {
  return {
    get: (scope, key) => memory.get(scope, change(key)),
    set: (scope, key, write) => memory.set(scope, change(key), write),
    delete: (scope, key) => memory.delete(scope, change(key)),
  }
}

/** Memories that mix up, share, keep or find what they must not. */
export const brokenMemories: readonly BrokenStore[] = [
  brokenStore(
    {
      name: 'ignores the kind of a memory scope',
      contract,
      rejectedBy: ['scopes: kinds with one id do not see each other'],
    },
    ({ memory }) => ({ memory: inScope(good(memory), ({ id }) => ({ kind: 'session', id })) }),
  ),
  brokenStore(
    {
      name: 'runs scope and key together',
      contract,
      rejectedBy: ['scopes: id and key are not run together'],
    },
    ({ memory }) => {
      const one = good(memory)
      const all = { kind: 'session', id: 'all' } as const
      const joined = ({ id }: MemoryScope, key: string): string => `${id}/${key}`
      return {
        memory: {
          get: (scope, key) => one.get(all, joined(scope, key)),
          set: (scope, key, write) => one.set(all, joined(scope, key), write),
          delete: (scope, key) => one.delete(all, joined(scope, key)),
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'takes scopes of different case for one',
      contract,
      rejectedBy: [
        'scopes: every well-formed text is a scope of its own',
        'scopes: writing and deleting in one leaves the others as they are',
      ],
    },
    ({ memory }) => ({
      memory: inScope(good(memory), ({ kind, id }) => ({ kind, id: id?.toLowerCase?.() ?? id })),
    }),
  ),
  brokenStore(
    {
      name: 'normalises keys',
      contract,
      rejectedBy: ['keys: every well-formed text is a key of its own'],
    },
    ({ memory }) => ({ memory: withKey(good(memory), (key) => key?.normalize?.('NFKC') ?? key) }),
  ),
  brokenStore(
    {
      name: 'ends keys at NUL',
      contract,
      rejectedBy: ['keys: every well-formed text is a key of its own'],
    },
    ({ memory }) => ({
      memory: withKey(good(memory), (key) => (key?.length > 1 ? (key.split('\u0000')[0] ?? key) : key)),
    }),
  ),
  brokenStore(
    {
      name: 'keeps records in objects with a prototype',
      contract,
      rejectedBy: ['get: gives undefined for a key that was never set'],
    },
    ({ memory }) => ({
      memory: {
        get: async (scope, key) =>
          (await good(memory).get(scope, key)) ??
          (key in {} ? { key, value: null, tags: [], metadata: {}, createdAt: 0, updatedAt: 0 } : undefined),
      },
    }),
  ),
  brokenStore(
    {
      name: 'hands out the records that it keeps',
      contract,
      rejectedBy: ['set: changing a value after set or after get does not change what is stored'],
    },
    ({ memory }) => {
      const kept = new Map<string, MemoryRecord>()
      return {
        memory: {
          set: async (scope, key, write) => {
            const record = await good(memory).set(scope, key, write)
            kept.set(key, { ...record, value: write.value })
            return record
          },
          list: async (scope, query) => {
            const page = await good(memory).list(scope, query)
            return { ...page, records: page.records.map((record) => kept.get(record.key) ?? record) }
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'merges what it sets into what was there',
      contract,
      rejectedBy: ['set: replaces value, tags, metadata and expiry whole and keeps createdAt'],
    },
    ({ memory }) => ({
      memory: {
        set: async (scope, key, write) => {
          const before = await good(memory).get(scope, key)
          return good(memory).set(scope, key, { tags: before?.tags ?? [], ...write })
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'writes value and tags one after the other',
      contract,
      rejectedBy: ['set: of concurrent writers of one key one wins whole'],
    },
    ({ memory }) => {
      let calls = 0
      return {
        memory: {
          set: async (scope, key, { tags, ...write }) => {
            const isSlow = (calls += 1) % 2 === 1
            const first = await good(memory).set(scope, key, write)
            if (tags === undefined) return first
            await elsewhere()
            if (isSlow) await elsewhere()
            const { value, metadata } = (await good(memory).get(scope, key)) ?? first
            return good(memory).set(scope, key, { value, metadata, tags })
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'does not verify the memory that it reads',
      contract,
      rejectedBy: ['corrupt: a record that was changed below the store is reported, and the others are not'],
    },
    ({ memory }) => ({
      memory: {
        get: (scope, key) =>
          good(memory)
            .get(scope, key)
            .catch(() => undefined),
      },
    }),
  ),
  brokenStore(
    {
      name: 'takes a prefix for a pattern',
      contract,
      rejectedBy: ['prefix: no character of it is a wildcard'],
    },
    ({ memory }) => ({
      memory: {
        list: async (scope, query = {}) => {
          const { prefix = '', ...rest } = query
          const escaped = prefix.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
          const pattern = new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}`, 's')
          const page = await good(memory).list(scope, { ...rest, limit: 1_000 })
          return { records: page.records.filter((record) => pattern.test(record.key)) }
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'counts records for a cursor',
      contract,
      rejectedBy: ['list: a walk under writes repeats nothing and leaves out nothing that stays'],
    },
    ({ memory }) => ({
      memory: {
        list: async (scope, { limit = 100, cursor = '0', ...rest } = {}) => {
          const { records } = await good(memory).list(scope, { ...rest, limit: 1_000 })
          const end = Number(cursor) + limit
          return {
            records: records.slice(Number(cursor), end),
            ...(end < records.length && { cursor: String(end) }),
          }
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'gives a cursor after the last record',
      contract,
      rejectedBy: ['list: parts join to the whole, and the last one has no cursor'],
    },
    ({ memory }) => ({
      memory: {
        list: async (scope, query) => {
          const page = await good(memory).list(scope, query)
          if (page.cursor !== undefined || page.records.length === 0) return page
          const last = page.records.at(-1)?.key ?? ''
          return { ...page, cursor: Buffer.from(JSON.stringify({ after: last })).toString('base64url') }
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'declares memory.ttl and keeps records for ever',
      contract,
      rejectedBy: ['ttl: an expired record is not given, listed or deleted'],
    },
    ({ memory }) => ({
      memory: {
        set: async (scope, key, write) => {
          const { ttlMs: _, ...rest } = write as MemoryWrite & { ttlMs?: number }
          return good(memory).set(scope, key, rest)
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'keeps the time to live of the record before',
      contract,
      rejectedBy: ['ttl: setting again gives a new time, or none'],
    },
    ({ memory }) => ({
      memory: {
        set: async (scope, key, write) => {
          const before = await good(memory).get(scope, key)
          const ttlMs = before?.expiresAt === undefined ? {} : { ttlMs: before.expiresAt - before.updatedAt }
          return good(memory).set(scope, key, { ...write, ...ttlMs })
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'searches every scope',
      contract,
      rejectedBy: ['search: finds nothing of another scope'],
    },
    ({ memory }) => {
      const scopes = new Map<string, MemoryScope>()
      return {
        memory: {
          set: (scope, key, write) => {
            scopes.set(JSON.stringify(scope), scope)
            return good(memory).set(scope, key, write)
          },
          search: async (_scope, query) => {
            const all = await Promise.all(
              [...scopes.values()].map(async (each) => good(memory).search?.(each, query)),
            )
            return all.flatMap((matches) => matches ?? [])
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'searches parts of words',
      contract,
      rejectedBy: ['search: every word has to be there, whole'],
    },
    ({ memory }) => ({
      memory: {
        search: async (scope, { text, limit = 10 }) => {
          const { records } = await good(memory).list(scope, { limit: 1_000 })
          const hits = records.filter((record) =>
            JSON.stringify(record).toLowerCase().includes(text.toLowerCase()),
          )
          return hits.slice(0, limit).map((record) => ({ record, score: 1 }))
        },
      },
    }),
  ),
]
