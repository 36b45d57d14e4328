import assert from 'node:assert/strict'
import type { Json } from '@belay/core/ports'
import { append, batchOf, dataOf, headOf, newBatchId, write, writeHeads } from './journal-writing.ts'
import type { StoreCase } from './store-case.ts'

const values: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  0.1,
  1e308,
  5e-324,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  'null',
  '0123',
  '\u0000',
  'a\u0000b',
  '\u2028\u2029\u0085',
  '%s %d :name ?1 $1',
  `'"\\\b\f\n\r\t`,
  'é and e\u0301',
  '\u{1f9d7} \u{1f469}\u200d\u{1f680}',
  '\ufeffbyte order mark',
  [],
  {},
  [[], [[]], {}],
  { '': 1, ' ': 2, 'a.b': 3, 'a/b': 4, '\u0000': 5 },
  { constructor: 1, toString: 2, toJSON: 3, length: 4 },
]

/** A member of this name must not be taken for the prototype. */
const protoText = '{"__proto__":{"polluted":true},"after":1}'

/** What is read is what was written. */
export const journalValueCases: readonly StoreCase[] = [
  {
    title: 'values: every sort of JSON comes back equal',
    run: async ({ store }) => {
      await store.journal.append(batchOf('s', values))
      assert.deepEqual(await dataOf(store.journal, 's'), values)
    },
  },
  {
    title: 'values: a member named __proto__ comes back as a member',
    run: async ({ store }) => {
      await write(store, 's', JSON.parse(protoText) as Json)
      const [value] = await dataOf(store.journal, 's')
      assert.equal(JSON.stringify(value), protoText)
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    },
  },
  {
    title: 'values: the order of members is kept',
    run: async ({ store }) => {
      const text = '{"zebra":1,"apple":{"z":1,"a":[{"y":1,"b":2}]},"mango":3}'
      await write(store, 's', JSON.parse(text) as Json)
      await writeHeads(store, headOf('s', { data: JSON.parse(text) as Json }))
      assert.equal(JSON.stringify((await dataOf(store.journal, 's'))[0]), text)
      assert.equal(JSON.stringify((await store.journal.heads({ streams: ['s'] }))[0]?.data), text)
    },
  },
  {
    title: 'values: a text of one mebibyte comes back equal',
    run: async ({ store }) => {
      const text = '0123456789abcdé\n'.repeat(65_536)
      await write(store, 's', { text })
      const [value] = await dataOf(store.journal, 's')
      assert.ok((value as { text: string }).text === text)
    },
  },
  {
    title: 'values: a value nested 200 deep comes back equal',
    run: async ({ store }) => {
      let value: Json = 'ground'
      for (let depth = 0; depth < 100; depth += 1) value = { down: [value] }
      await write(store, 's', value)
      assert.deepEqual(await dataOf(store.journal, 's'), [value])
    },
  },
  {
    title: 'values: changing what was written does not change what is stored',
    run: async ({ store }) => {
      const data = { list: [1, 2], inner: { name: 'before' } }
      const headData = { list: ['before'] }
      await store.journal.append({ ...batchOf('s', [data]), heads: [headOf('s', { data: headData })] })
      data.list.push(3)
      data.inner.name = 'after'
      headData.list.push('after')
      assert.deepEqual(await dataOf(store.journal, 's'), [{ list: [1, 2], inner: { name: 'before' } }])
      assert.deepEqual((await store.journal.heads({ streams: ['s'] }))[0]?.data, { list: ['before'] })
    },
  },
  {
    title: 'values: changing what was read does not change what is stored',
    run: async ({ store }) => {
      await store.journal.append({
        ...batchOf('s', [{ list: [1] }]),
        heads: [headOf('s', { data: { list: [1] } })],
      })
      const [entry] = await store.journal.read('s')
      const [head] = await store.journal.heads({ streams: ['s'] })
      for (const value of [entry?.data, head?.data]) {
        const { list } = value as { list: number[] }
        if (!Object.isFrozen(list)) list.push(2)
      }
      assert.deepEqual(await dataOf(store.journal, 's'), [{ list: [1] }])
      assert.deepEqual((await store.journal.heads({ streams: ['s'] }))[0]?.data, { list: [1] })
    },
  },
  {
    title: 'values: the result of a repeated batch shares nothing with the first',
    run: async ({ store }) => {
      const batch = { ...batchOf('s', ['a']), id: newBatchId() }
      const first = await store.journal.append(batch)
      if (!Object.isFrozen(first.positions)) (first.positions as Record<string, number>)['s'] = 99
      assert.deepEqual(await append(store, batch), { positions: { s: 1 } })
    },
  },
]
