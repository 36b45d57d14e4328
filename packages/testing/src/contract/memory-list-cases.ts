import assert from 'node:assert/strict'
import type { Memory, MemoryListQuery, MemoryScope } from '@belay/core/ports'
import { keysOf } from './memory-case.ts'
import type { MemoryCase } from './memory-case.ts'
import { refusesMisuse } from './refusals.ts'

async function fill(memory: Memory, scope: MemoryScope, keys: readonly string[]): Promise<void> {
  for (const key of keys) await memory.set(scope, key, { value: key })
}

/** Every part of a list, with `between` called after each. */
async function walk(
  memory: Memory,
  scope: MemoryScope,
  query: MemoryListQuery,
  between: (part: number) => Promise<void> = async () => {},
): Promise<string[][]> {
  const parts: string[][] = []
  for (let cursor: string | undefined; ;) {
    const page = await memory.list(scope, { ...query, ...(cursor !== undefined && { cursor }) })
    parts.push(keysOf(page.records))
    cursor = page.cursor
    if (cursor === undefined) return parts
    assert.ok(parts.length < 200, 'a walk ends')
    await between(parts.length)
  }
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `k${String(index).padStart(4, '0')}`)

/** What a scope holds, in order and in parts. */
export const memoryListCases: readonly MemoryCase[] = [
  {
    title: 'list: gives nothing and no cursor for an empty scope',
    run: async ({ memory, scope }) => {
      assert.deepEqual(await memory.list(scope('s')), { records: [] })
      assert.deepEqual(await memory.list(scope('s'), { prefix: 'k', limit: 1 }), { records: [] })
    },
  },
  {
    title: 'list: gives whole records in the order of code points',
    run: async ({ memory, scope }) => {
      const keys = ['10', '2', 'A', 'B', 'a', 'a-b', 'a.b', 'a:b', 'a_b', 'aa', 'é', '\uff5e', '🧗']
      const inOrder = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      await fill(memory, scope('s'), keys.toReversed())
      const { records } = await memory.list(scope('s'))
      assert.deepEqual(keysOf(records), inOrder)
      assert.deepEqual(records[0], await memory.get(scope('s'), '10'))
    },
  },
  {
    title: 'list: gives 100 records unless told otherwise, and up to 1,000',
    run: async ({ memory, scope }) => {
      const keys = numbered(1_001)
      await Promise.all(keys.map((key) => memory.set(scope('s'), key, { value: null })))
      const usual = await memory.list(scope('s'))
      assert.deepEqual(keysOf(usual.records), keys.slice(0, 100))
      assert.equal(typeof usual.cursor, 'string')
      const most = await memory.list(scope('s'), { limit: 1_000 })
      assert.deepEqual(keysOf(most.records), keys.slice(0, 1_000))
    },
  },
  {
    title: 'list: a limit that is not a whole number from 1 to 1,000 is a TypeError',
    run: async ({ memory, scope }) => {
      for (const limit of [0, -1, 1.5, 1_001, Number.NaN, '10' as never])
        await refusesMisuse(() => memory.list(scope('s'), { limit }))
    },
  },
  {
    title: 'list: parts join to the whole, and the last one has no cursor',
    run: async ({ memory, scope }) => {
      const keys = numbered(12)
      await fill(memory, scope('s'), keys)
      for (const limit of [1, 5, 6, 11, 12, 13]) {
        const parts = await walk(memory, scope('s'), { limit })
        assert.deepEqual(parts.flat(), keys)
        assert.equal(parts.length, Math.ceil(keys.length / limit), `limit ${limit}`)
      }
    },
  },
  {
    title: 'list: a cursor that was not given is a TypeError',
    run: async ({ memory, scope }) => {
      await fill(memory, scope('s'), numbered(3))
      for (const cursor of ['nonsense', '', '%', 'e30', 7 as never])
        await refusesMisuse(() => memory.list(scope('s'), { cursor }))
    },
  },
  {
    title: 'list: a walk under writes repeats nothing and leaves out nothing that stays',
    run: async ({ memory, scope }) => {
      const keys = numbered(40)
      await fill(memory, scope('s'), keys)
      const parts = await walk(memory, scope('s'), { limit: 7 }, async (part) => {
        // Before and after where the walk stands: removed, replaced and added.
        await memory.delete(scope('s'), `k000${part - 1}`)
        await memory.delete(scope('s'), `k00${39 - part}`)
        await memory.set(scope('s'), 'k0020', { value: `changed ${part}` })
        await memory.set(scope('s'), `k0000.${part}`, { value: 1 })
        await memory.set(scope('s'), `k0000.${part}.more`, { value: 1 })
        await memory.set(scope('s'), `z${part}`, { value: 1 })
      })
      const seen = parts.flat()
      assert.equal(new Set(seen).size, seen.length, 'nothing twice')
      assert.deepEqual(seen, seen.toSorted(), 'in order')
      const stayed = keys.slice(6, 32)
      assert.deepEqual(
        stayed.filter((key) => !seen.includes(key)),
        [],
      )
    },
  },
  {
    title: 'list: a walk goes on where its last record was deleted',
    run: async ({ memory, scope }) => {
      await fill(memory, scope('s'), numbered(6))
      const parts = await walk(memory, scope('s'), { limit: 2 }, async (part) => {
        await memory.delete(scope('s'), `k000${part * 2 - 1}`)
      })
      assert.deepEqual(parts.flat(), numbered(6))
    },
  },
  {
    title: 'prefix: no character of it is a wildcard',
    run: async ({ memory, scope }) => {
      const keys = ['a', 'a%', 'a%b', 'a_', 'a_b', 'a*', 'a*b', 'a[b]', 'ab', 'aXb', 'A%', '%', '_']
      await fill(memory, scope('s'), keys)
      for (const prefix of [...keys, '', 'a[', '*', 'zz', 'a%bc']) {
        const { records } = await memory.list(scope('s'), { prefix })
        const expected = keys.filter((key) => key.startsWith(prefix)).toSorted()
        assert.deepEqual(keysOf(records), expected, `prefix ${prefix}`)
      }
    },
  },
  {
    title: 'prefix: takes the last characters there are, and NUL',
    run: async ({ memory, scope }) => {
      const keys = [
        'a\u0000b',
        'a\u{10ffff}',
        'a\u{10ffff}b',
        'b',
        '\u{10ffff}',
        '\ud7ff',
        '\ud7ffx',
        '\ue000',
      ]
      await fill(memory, scope('s'), keys)
      for (const prefix of ['a\u0000', 'a\u{10ffff}', '\u{10ffff}', '\ud7ff', 'a']) {
        const { records } = await memory.list(scope('s'), { prefix })
        const expected = keys.filter((key) => key.startsWith(prefix))
        assert.deepEqual(new Set(keysOf(records)), new Set(expected), JSON.stringify(prefix))
      }
    },
  },
  {
    title: 'prefix: goes with limit and cursor',
    run: async ({ memory, scope }) => {
      await fill(memory, scope('s'), ['a', 'b1', 'b2', 'b3', 'b4', 'b5', 'c'])
      const parts = await walk(memory, scope('s'), { prefix: 'b', limit: 2 })
      assert.deepEqual(parts, [['b1', 'b2'], ['b3', 'b4'], ['b5']])
    },
  },
]
