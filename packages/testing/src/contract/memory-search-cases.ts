import assert from 'node:assert/strict'
import type { Memory, MemoryScope } from '@belay/core/ports'
import { skipCase } from './contract.ts'
import type { MemoryCase } from './memory-case.ts'
import { refusesMisuse } from './refusals.ts'

const needs = ['memory.search'] as const

async function found(memory: Memory, scope: MemoryScope, text: string, limit?: number): Promise<string[]> {
  const { search } = memory
  assert.ok(search !== undefined, 'memory.search is declared, so there is a search')
  const matches = await search.call(memory, scope, { text, ...(limit !== undefined && { limit }) })
  const scores = matches.map((match) => match.score)
  assert.deepEqual(
    scores,
    scores.toSorted((left, right) => right - left),
    'best first',
  )
  return matches.map((match) => match.record.key).toSorted()
}

/** Finding records by their words. */
export const memorySearchCases: readonly MemoryCase[] = [
  {
    title: 'search: is there exactly when it is declared',
    run: async ({ memory, capabilities }) => {
      assert.equal(typeof memory.search === 'function', capabilities.includes('memory.search'))
      if (memory.search === undefined) skipCase('the memory declares no search')
    },
  },
  {
    title: 'search: finds words in key, tags and the strings of the value, in any case',
    needs,
    run: async ({ memory, scope }) => {
      await memory.set(scope('s'), 'user-name', { value: 'Ada' })
      await memory.set(scope('s'), 'b', { value: { deep: [{ name: 'ada' }, 7] }, tags: ['Räuber', 'x'] })
      await memory.set(scope('s'), 'c', { value: { ada: 'the name of a property is not content' } })
      assert.deepEqual(await found(memory, scope('s'), 'ADA'), ['b', 'user-name'])
      assert.deepEqual(await found(memory, scope('s'), 'räuber'), ['b'])
      assert.deepEqual(await found(memory, scope('s'), 'USER'), ['user-name'])
      assert.deepEqual(await found(memory, scope('s'), 'property'), ['c'])
    },
  },
  {
    title: 'search: every word has to be there, whole',
    needs,
    run: async ({ memory, scope }) => {
      await memory.set(scope('s'), 'a', { value: 'red green blue' })
      await memory.set(scope('s'), 'b', { value: ['red', { x: 'greenish' }] })
      assert.deepEqual(await found(memory, scope('s'), 'red'), ['a', 'b'])
      assert.deepEqual(await found(memory, scope('s'), 'green red'), ['a'])
      assert.deepEqual(await found(memory, scope('s'), 'red yellow'), [])
      assert.deepEqual(await found(memory, scope('s'), 'gree'), [])
    },
  },
  {
    title: 'search: a text without words finds nothing',
    needs,
    run: async ({ memory, scope }) => {
      await memory.set(scope('s'), 'a', { value: 'red ! *' })
      for (const text of ['', ' ', '*', '"', '!!', '\u0000', '()'])
        assert.deepEqual(await found(memory, scope('s'), text), [], JSON.stringify(text))
    },
  },
  {
    title: 'search: signs of a query language are separators',
    needs,
    run: async ({ memory, scope }) => {
      await memory.set(scope('s'), 'a', { value: 'red or green near blue' })
      await memory.set(scope('s'), 'b', { value: 'green' })
      const found1 = (text: string): Promise<string[]> => found(memory, scope('s'), text)
      assert.deepEqual(await found1('red OR green'), ['a'])
      assert.deepEqual(await found1('green NOT red'), [])
      assert.deepEqual(await found1('gre*'), [])
      assert.deepEqual(await found1('"green'), ['a', 'b'])
      assert.deepEqual(await found1('scope:green'), [])
      assert.deepEqual(await found1("green') --"), ['a', 'b'])
      assert.deepEqual(await found1('NEAR(red blue)'), ['a'])
    },
  },
  {
    title: 'search: finds nothing of another scope',
    needs,
    run: async ({ memory, scope }) => {
      await memory.set(scope('a'), 'k', { value: 'secret a' })
      await memory.set(scope('b'), 'k', { value: 'secret b' })
      await memory.set(scope('b'), 'l', { value: 'secret' })
      const [match] = (await memory.search?.(scope('a'), { text: 'secret' })) ?? []
      assert.equal(match?.record.value, 'secret a')
      assert.deepEqual(await found(memory, scope('a'), 'secret'), ['k'])
      assert.deepEqual(await found(memory, scope('c'), 'secret'), [])
    },
  },
  {
    title: 'search: follows set and delete at once',
    needs,
    run: async ({ memory, scope }) => {
      await memory.set(scope('s'), 'k', { value: 'before' })
      assert.deepEqual(await found(memory, scope('s'), 'before'), ['k'])
      await memory.set(scope('s'), 'k', { value: 'after' })
      assert.deepEqual(await found(memory, scope('s'), 'before'), [])
      assert.deepEqual(await found(memory, scope('s'), 'after'), ['k'])
      await memory.delete(scope('s'), 'k')
      assert.deepEqual(await found(memory, scope('s'), 'after'), [])
    },
  },
  {
    title: 'search: does not find what has expired',
    needs: ['memory.search', 'memory.ttl'],
    run: async ({ memory, scope, shortTtlMs, outlive }) => {
      await memory.set(scope('s'), 'ends', { value: 'word', ttlMs: shortTtlMs })
      await memory.set(scope('s'), 'stays', { value: 'word' })
      await outlive()
      assert.deepEqual(await found(memory, scope('s'), 'word', 1), ['stays'])
    },
  },
  {
    title: 'search: gives whole records, 10 unless told otherwise',
    needs,
    run: async ({ memory, scope }) => {
      const write = { value: { text: 'word' }, tags: ['t'], metadata: { m: 1 } }
      for (let index = 0; index < 15; index += 1) await memory.set(scope('s'), `k${index}`, write)
      assert.equal((await found(memory, scope('s'), 'word')).length, 10)
      assert.equal((await found(memory, scope('s'), 'word', 1_000)).length, 15)
      const [match] = (await memory.search?.(scope('s'), { text: 'word', limit: 1 })) ?? []
      assert.deepEqual(match?.record, await memory.get(scope('s'), match?.record.key ?? ''))
    },
  },
  {
    title: 'search: a limit or a text out of range is a TypeError',
    needs,
    run: async ({ memory, scope }) => {
      const search = async (query: unknown): Promise<unknown> => memory.search?.(scope('s'), query as never)
      for (const limit of [0, 1_001, 1.5]) await refusesMisuse(() => search({ text: 'a', limit }))
      for (const text of ['x'.repeat(1_001), 7, undefined]) await refusesMisuse(() => search({ text }))
    },
  },
]
