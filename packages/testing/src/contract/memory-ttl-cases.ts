import assert from 'node:assert/strict'
import { keysOf } from './memory-case.ts'
import type { MemoryCase } from './memory-case.ts'

const needs = ['memory.ttl'] as const
const longTtlMs = 600_000

/** Records that end. */
export const memoryTtlCases: readonly MemoryCase[] = [
  {
    title: 'ttl: a record says when it expires and is there until then',
    needs,
    run: async ({ memory, scope }) => {
      const record = await memory.set(scope('s'), 'k', { value: 1, ttlMs: longTtlMs })
      assert.equal(record.expiresAt, record.updatedAt + longTtlMs)
      assert.deepEqual(await memory.get(scope('s'), 'k'), record)
      assert.deepEqual(keysOf((await memory.list(scope('s'))).records), ['k'])
    },
  },
  {
    title: 'ttl: an expired record is not given, listed or deleted',
    needs,
    run: async ({ memory, scope, shortTtlMs, outlive }) => {
      await memory.set(scope('s'), 'ends', { value: 'word', ttlMs: shortTtlMs })
      await memory.set(scope('s'), 'stays', { value: 'word', ttlMs: longTtlMs })
      await memory.set(scope('s'), 'always', { value: 'word' })
      await outlive()
      assert.equal(await memory.get(scope('s'), 'ends'), undefined)
      assert.deepEqual(keysOf((await memory.list(scope('s'))).records), ['always', 'stays'])
      assert.equal(await memory.delete(scope('s'), 'ends'), false)
    },
  },
  {
    title: 'ttl: a key that expired is set anew',
    needs,
    run: async ({ memory, scope, shortTtlMs, outlive }) => {
      const first = await memory.set(scope('s'), 'k', { value: 1, tags: ['t'], ttlMs: shortTtlMs })
      await outlive()
      const second = await memory.set(scope('s'), 'k', { value: 2 })
      assert.ok(second.createdAt > first.createdAt)
      assert.equal(second.createdAt, second.updatedAt)
      assert.equal('expiresAt' in second, false)
    },
  },
  {
    title: 'ttl: setting again gives a new time, or none',
    needs,
    run: async ({ memory, scope, shortTtlMs, outlive }) => {
      await memory.set(scope('s'), 'longer', { value: 1, ttlMs: shortTtlMs })
      await memory.set(scope('s'), 'longer', { value: 2, ttlMs: longTtlMs })
      await memory.set(scope('s'), 'always', { value: 1, ttlMs: shortTtlMs })
      await memory.set(scope('s'), 'always', { value: 2 })
      await outlive()
      assert.equal((await memory.get(scope('s'), 'longer'))?.value, 2)
      assert.equal((await memory.get(scope('s'), 'always'))?.value, 2)
    },
  },
  {
    title: 'ttl: expired records do not fill a part of a list',
    needs,
    run: async ({ memory, scope, shortTtlMs, outlive }) => {
      for (const key of ['a', 'b', 'c']) await memory.set(scope('s'), key, { value: 1, ttlMs: shortTtlMs })
      for (const key of ['d', 'e']) await memory.set(scope('s'), key, { value: 1 })
      await outlive()
      const page = await memory.list(scope('s'), { limit: 2 })
      assert.deepEqual(keysOf(page.records), ['d', 'e'])
      assert.equal(page.cursor, undefined)
    },
  },
  {
    title: 'ttl: a write removes expired records and nothing else',
    needs,
    run: async ({ memory, scope, shortTtlMs, outlive }) => {
      const keys = Array.from({ length: 60 }, (_, index) => `k${index}`)
      for (const key of keys) await memory.set(scope('gone'), key, { value: 1, ttlMs: shortTtlMs })
      for (const key of keys) await memory.set(scope('kept'), key, { value: 1, ttlMs: longTtlMs })
      await outlive()
      for (const key of keys) await memory.set(scope('other'), key, { value: 1 })
      assert.deepEqual((await memory.list(scope('gone'))).records, [])
      assert.equal((await memory.list(scope('kept'))).records.length, 60)
      assert.equal((await memory.list(scope('other'))).records.length, 60)
    },
  },
]
