import assert from 'node:assert/strict'
import type { MemoryScope } from '@belay/core/ports'
import { keysOf, takenKinds } from './memory-case.ts'
import type { MemoryCase } from './memory-case.ts'
import { refusesMisuse } from './refusals.ts'

/** Texts that some store or language takes for something else. */
export const hostileNames: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'k',
  'K',
  'k ',
  ' k',
  'k\u0000',
  'k\u0000x',
  '\u0000',
  'k%',
  '%',
  '_',
  'k_',
  'k*',
  "k'; DROP TABLE memory; --",
  'k"',
  '../k',
  'k/../k',
  '\\',
  'é',
  'e\u0301',
  'а',
  'a',
  'ﬁ',
  'fi',
  '🧗',
  '\uffff',
  'x'.repeat(512),
  `${'x'.repeat(511)}y`,
]

/** Keys and scopes are names like any other. */
export const memoryNameCases: readonly MemoryCase[] = [
  {
    title: 'keys: every well-formed text is a key of its own',
    run: async ({ memory, scope }) => {
      for (const key of hostileNames) await memory.set(scope('s'), key, { value: `value of ${key}` })
      for (const key of hostileNames) {
        const record = await memory.get(scope('s'), key)
        assert.equal(record?.key, key)
        assert.equal(record.value, `value of ${key}`)
      }
      const { records } = await memory.list(scope('s'), { limit: 1_000 })
      assert.deepEqual(new Set(keysOf(records)), new Set(hostileNames))
      assert.equal(await memory.delete(scope('s'), 'k%'), true)
      assert.equal((await memory.list(scope('s'), { limit: 1_000 })).records.length, hostileNames.length - 1)
      assert.equal(({} as { polluted?: unknown }).polluted, undefined)
    },
  },
  {
    title: 'scopes: every well-formed text is a scope of its own',
    run: async ({ memory, scope }) => {
      for (const id of hostileNames) await memory.set(scope(id), 'k', { value: `value of ${id}` })
      for (const id of hostileNames) {
        assert.equal((await memory.get(scope(id), 'k'))?.value, `value of ${id}`)
        assert.deepEqual(keysOf((await memory.list(scope(id))).records), ['k'])
      }
    },
  },
  {
    title: 'scopes: kinds with one id do not see each other',
    run: async ({ memory, capabilities }) => {
      const kinds = takenKinds(capabilities)
      for (const kind of kinds) await memory.set({ kind, id: 'same' }, 'k', { value: kind })
      for (const kind of kinds) assert.equal((await memory.get({ kind, id: 'same' }, 'k'))?.value, kind)
      const [first = 'session', ...rest] = kinds
      await memory.delete({ kind: first, id: 'same' }, 'k')
      for (const kind of rest) assert.equal((await memory.get({ kind, id: 'same' }, 'k'))?.value, kind)
    },
  },
  {
    title: 'scopes: id and key are not run together',
    run: async ({ memory, scope }) => {
      await memory.set(scope('a'), 'b/c', { value: 1 })
      await memory.set(scope('a/b'), 'c', { value: 2 })
      await memory.set(scope('a:b'), 'c', { value: 3 })
      assert.equal((await memory.get(scope('a'), 'b/c'))?.value, 1)
      assert.equal((await memory.get(scope('a/b'), 'c'))?.value, 2)
      assert.equal(await memory.get(scope('a'), 'b:c'), undefined)
    },
  },
  {
    title: 'scopes: writing and deleting in one leaves the others as they are',
    run: async ({ memory, scope }) => {
      const ids = ['a', 'A', 'a ', 'ab']
      for (const id of ids) await memory.set(scope(id), 'k', { value: id })
      await memory.set(scope('a'), 'k', { value: 'changed' })
      await memory.delete(scope('a'), 'k')
      for (const id of ids.slice(1)) assert.equal((await memory.get(scope(id), 'k'))?.value, id)
      assert.deepEqual((await memory.list(scope('a'))).records, [])
    },
  },
  {
    title: 'names: what is empty, too long, not a text or not well-formed is a TypeError',
    run: async ({ memory, scope }) => {
      const wrong = ['', 'x'.repeat(513), '\ud800', 7 as never, undefined as never, null as never]
      for (const name of wrong) {
        await refusesMisuse(() => memory.get(scope('s'), name))
        await refusesMisuse(() => memory.set(scope('s'), name, { value: 1 }))
        await refusesMisuse(() => memory.delete(scope('s'), name))
        await refusesMisuse(() => memory.get(scope(name), 'k'))
        await refusesMisuse(() => memory.set(scope(name), 'k', { value: 1 }))
        await refusesMisuse(() => memory.list(scope(name)))
      }
      await refusesMisuse(() => memory.get(undefined as unknown as MemoryScope, 'k'))
    },
  },
]
