import { afterEach, expect, test } from 'vitest'
import { attributeEquality, contains, jsonSchema, regex, type Scorer } from '../../src/eval/index.ts'

const open: Scorer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (scorer) => scorer.close?.()))
})
const kept = (scorer: Scorer): Scorer => {
  open.push(scorer)
  return scorer
}
const scoreOf = async (scorer: Scorer, output: unknown, item: unknown = {}) =>
  kept(scorer).score({ candidateId: 'c', item, output })

test('regex scores a text [EVAL-1]', async () => {
  const scorer = regex({ pattern: '^a+$' })
  expect(scorer.name).toBe('regex')
  expect(await scoreOf(scorer, 'aaa')).toEqual({ score: 1, passed: true })
  expect(await scoreOf(scorer, 'b')).toEqual({
    score: 0,
    passed: false,
    reason: 'the output does not match /^a+$/u',
  })
  expect(await scoreOf(regex({ pattern: /B/gi }), 'ab')).toMatchObject({ score: 1 })
  expect(await scoreOf(regex({ pattern: '"id":1' }), { id: 1 })).toMatchObject({ score: 1 })
  expect(() => regex({ pattern: '(' })).toThrow(TypeError)
})

test('a regex with state gives the same text the same score each time', async () => {
  const scorer = kept(regex({ pattern: /a/g }))
  for (let time = 0; time < 3; time++) expect(await scoreOf(scorer, 'a')).toMatchObject({ score: 1 })
})

test('a regex that takes for ever scores 0, and the next one is answered', async () => {
  const scorer = kept(regex({ pattern: '^(a+)+$', timeoutMs: 50 }))
  const [hangs, good] = await Promise.all([scoreOf(scorer, `${'a'.repeat(60)}!`), scoreOf(scorer, 'aaa')])
  expect(hangs).toEqual({
    score: 0,
    passed: false,
    reason: 'the pattern took longer than 50 ms over this output',
  })
  expect(good).toEqual({ score: 1, passed: true })
})

test('a regex under way ends with the signal', async () => {
  const scorer = kept(regex({ pattern: '^(a+)+$', timeoutMs: 600_000 }))
  const stop = new AbortController()
  const score = Promise.resolve(
    scorer.score({ candidateId: 'c', item: {}, output: `${'a'.repeat(60)}!` }, { signal: stop.signal }),
  )
  const reason = new Error('enough')
  stop.abort(reason)
  await expect(score).rejects.toBe(reason)
})

test('contains scores a text [EVAL-1]', async () => {
  expect(await scoreOf(contains({ text: 'b' }), 'abc')).toEqual({ score: 1, passed: true })
  expect(await scoreOf(contains({ text: 'B' }), 'abc')).toEqual({
    score: 0,
    passed: false,
    reason: 'the output does not contain "B"',
  })
  expect(await scoreOf(contains({ text: 'B', ignoreCase: true }), 'abc')).toMatchObject({ passed: true })
  expect(await scoreOf(contains({ text: ['a', 'x'] }), 'abc')).toEqual({
    score: 0.5,
    passed: false,
    reason: 'the output does not contain "x"',
  })
  const byItem = contains<{ readonly word: string }>({ text: (item) => item.word })
  expect(await scoreOf(byItem as Scorer, 'abc', { word: 'c' })).toMatchObject({ passed: true })
})

test('json-schema scores a value by a schema [EVAL-2]', async () => {
  const scorer = jsonSchema({ schema: { type: 'object', required: ['id'] } })
  expect(scorer.name).toBe('json-schema')
  expect(await scoreOf(scorer, { id: 1 })).toEqual({ score: 1, passed: true })
  expect(await scoreOf(scorer, '{ "id": 1 }')).toEqual({ score: 1, passed: true })
  expect(await scoreOf(scorer, {})).toEqual({ score: 0, passed: false, reason: 'the value at "" lacks "id"' })
  expect(() => jsonSchema({ schema: { tpye: 'object' } })).toThrow(TypeError)
})

test('a pattern of a schema that takes for ever scores 0', async () => {
  const scorer = kept(jsonSchema({ schema: { pattern: '^(a+)+$' }, timeoutMs: 50 }))
  expect(await scoreOf(scorer, `${'a'.repeat(60)}!`)).toMatchObject({
    score: 0,
    reason: expect.stringContaining('50 ms'),
  })
  expect(await scoreOf(scorer, 'aaa')).toEqual({ score: 1, passed: true })
  expect(await scoreOf(scorer, 'b')).toMatchObject({ reason: 'the value at "" does not match /^(a+)+$/' })
})

test('attribute-equality scores the value at a pointer; one that leads nowhere scores 0 and says why [EVAL-3, EVAL-4]', async () => {
  const scorer = attributeEquality({ pointer: '/a/0', expected: { x: 1, y: [2] } })
  expect(scorer.name).toBe('attribute-equality')
  expect(await scoreOf(scorer, { a: [{ y: [2], x: 1 }] })).toEqual({ score: 1, passed: true })
  expect(await scoreOf(scorer, { a: [{ y: [3], x: 1 }] })).toEqual({
    score: 0,
    passed: false,
    reason: 'the value at "/a/0" is not the expected one',
  })
  expect(await scoreOf(scorer, { a: [] })).toEqual({
    score: 0,
    passed: false,
    reason: '"/a/0" leads nowhere: there is no "0" at "/a"',
  })
  expect(() => attributeEquality({ pointer: 'a', expected: 1 })).toThrow(TypeError)
})
