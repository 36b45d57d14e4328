import assert from 'node:assert/strict'
import type { Json, MemoryWrite } from '@belay/core/ports'
import type { MemoryCase } from './memory-case.ts'
import { keysOf } from './memory-case.ts'
import { refusesMisuse } from './refusals.ts'

const values: readonly Json[] = [
  null,
  false,
  0,
  -1.5,
  1e300,
  '',
  'é\u0000\u2028"\\',
  '🧗'.repeat(3),
  [],
  {},
  [[[]]],
  { a: [1, { b: null }], '': { ' ': '' } },
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": null}') as Json,
]

/** What a key holds. */
export const memoryRecordCases: readonly MemoryCase[] = [
  {
    title: 'get: gives undefined for a key that was never set',
    run: async ({ memory, scope }) => {
      assert.equal(await memory.get(scope('s'), 'k'), undefined)
      assert.equal(await memory.get(scope('s'), 'toString'), undefined)
    },
  },
  {
    title: 'set: gives the record as get gives it, with tags, metadata and times',
    run: async ({ memory, scope }) => {
      const write = { value: { a: 1 }, tags: ['b', 'a', 'b'], metadata: { source: 'x' } }
      const record = await memory.set(scope('s'), 'k', write)
      const { createdAt, updatedAt, ...rest } = record
      assert.deepEqual(rest, { key: 'k', ...write })
      assert.equal(createdAt, updatedAt)
      assert.ok(Number.isFinite(createdAt))
      assert.deepEqual(await memory.get(scope('s'), 'k'), record)
    },
  },
  {
    title: 'set: without tags and metadata gives empty ones and no expiry',
    run: async ({ memory, scope }) => {
      const record = await memory.set(scope('s'), 'k', { value: 1 })
      assert.deepEqual(record.tags, [])
      assert.deepEqual(record.metadata, {})
      assert.equal('expiresAt' in record, false)
    },
  },
  {
    title: 'set: values come back equal',
    run: async ({ memory, scope }) => {
      for (const [index, value] of values.entries()) await memory.set(scope('s'), `k${index}`, { value })
      for (const [index, value] of values.entries()) {
        const record = await memory.get(scope('s'), `k${index}`)
        assert.equal(JSON.stringify(record?.value), JSON.stringify(value))
        if (value !== null && typeof value === 'object')
          assert.equal(Object.getPrototypeOf(record?.value), Object.getPrototypeOf(value), 'a plain value')
      }
    },
  },
  {
    title: 'set: a value of a million characters comes back whole',
    run: async ({ memory, scope }) => {
      const value = 'é1 '.repeat(350_000)
      await memory.set(scope('s'), 'k', { value })
      assert.ok((await memory.get(scope('s'), 'k'))?.value === value, 'the same text')
    },
  },
  {
    title: 'set: replaces value, tags, metadata and expiry whole and keeps createdAt',
    run: async ({ memory, scope }) => {
      const first = await memory.set(scope('s'), 'k', { value: { a: 1 }, tags: ['t'], metadata: { m: 1 } })
      const second = await memory.set(scope('s'), 'k', { value: { b: 2 } })
      assert.deepEqual(second.value, { b: 2 })
      assert.deepEqual(second.tags, [])
      assert.deepEqual(second.metadata, {})
      assert.equal(second.createdAt, first.createdAt)
      assert.ok(second.updatedAt >= first.updatedAt)
      assert.deepEqual(await memory.get(scope('s'), 'k'), second)
    },
  },
  {
    title: 'set: changing a value after set or after get does not change what is stored',
    run: async ({ memory, scope }) => {
      const value = { list: [1] }
      const tags = ['t']
      const set = await memory.set(scope('s'), 'k', { value, tags })
      value.list.push(2)
      tags.push('u')
      ;(set.value as { list: number[] }).list.push(3)
      const got = await memory.get(scope('s'), 'k')
      assert.ok(got !== undefined)
      ;(got.value as { list: number[] }).list.push(4)
      const [listed] = (await memory.list(scope('s'))).records
      assert.deepEqual(listed?.value, { list: [1] })
      assert.deepEqual(listed.tags, ['t'])
    },
  },
  {
    title: 'set: what is not JSON or not a time is a TypeError and writes nothing',
    run: async ({ memory, scope }) => {
      const wrong: readonly unknown[] = [
        { value: undefined },
        { value: 1n },
        { value: 1, ttlMs: 0 },
        { value: 1, ttlMs: -1 },
        { value: 1, ttlMs: Number.NaN },
        { value: 1, ttlMs: '1000' },
      ]
      for (const write of wrong) await refusesMisuse(() => memory.set(scope('s'), 'k', write as MemoryWrite))
      assert.equal(await memory.get(scope('s'), 'k'), undefined)
    },
  },
  {
    title: 'set: of concurrent writers of one key one wins whole',
    run: async ({ memory, scope }) => {
      const write = (index: number): MemoryWrite => ({
        value: { index, text: String(index).repeat(50) },
        tags: [`t${index}`],
        metadata: { index },
      })
      await Promise.all(Array.from({ length: 40 }, (_, index) => memory.set(scope('s'), 'k', write(index))))
      const record = await memory.get(scope('s'), 'k')
      assert.ok(record !== undefined)
      const { index } = record.value as { index: number }
      const { value, tags, metadata } = record
      assert.deepEqual({ value, tags, metadata }, write(index))
      assert.equal((await memory.list(scope('s'))).records.length, 1)
    },
  },
  {
    title: 'set: concurrent writers of many keys lose nothing',
    run: async ({ memory, scope }) => {
      const keys = Array.from({ length: 60 }, (_, index) => `k${String(index).padStart(2, '0')}`)
      await Promise.all(keys.map((key) => memory.set(scope('s'), key, { value: key })))
      const { records } = await memory.list(scope('s'))
      assert.deepEqual(
        records.map((record) => record.value),
        keys,
      )
    },
  },
  {
    title: 'delete: gives true once, and the record is gone everywhere',
    run: async ({ memory, scope }) => {
      await memory.set(scope('s'), 'k', { value: 'word' })
      await memory.set(scope('s'), 'stays', { value: 'word' })
      assert.equal(await memory.delete(scope('s'), 'k'), true)
      assert.equal(await memory.delete(scope('s'), 'k'), false)
      assert.equal(await memory.delete(scope('s'), 'never'), false)
      assert.equal(await memory.get(scope('s'), 'k'), undefined)
      assert.deepEqual(keysOf((await memory.list(scope('s'))).records), ['stays'])
    },
  },
  {
    title: 'delete: of concurrent callers exactly one removes it',
    run: async ({ memory, scope }) => {
      await memory.set(scope('s'), 'k', { value: 1 })
      const removed = await Promise.all(Array.from({ length: 20 }, () => memory.delete(scope('s'), 'k')))
      assert.equal(removed.filter(Boolean).length, 1)
    },
  },
  {
    title: 'delete: a key that is set again is a new record',
    run: async ({ memory, scope }) => {
      await memory.set(scope('s'), 'k', { value: 1, tags: ['t'], metadata: { m: 1 } })
      await memory.delete(scope('s'), 'k')
      const record = await memory.set(scope('s'), 'k', { value: 2 })
      assert.equal(record.createdAt, record.updatedAt)
      assert.deepEqual(record.tags, [])
    },
  },
]
