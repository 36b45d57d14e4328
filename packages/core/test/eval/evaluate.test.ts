import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contains, evaluate, type Scorer } from '../../src/eval/index.ts'
import { HarnessError } from '../../src/index.ts'
import { failureOf, gate } from '../fixtures/collect.ts'

const ids = (...names: string[]) => names.map((id) => ({ id }))
const scorer = (score: (output: unknown) => number, name = 'given'): Scorer => ({
  name,
  score: ({ output }) => ({ score: score(output), passed: score(output) === 1 }),
})
const number = scorer(Number)

test('candidates run in their order, each over the items in theirs [EVAL-5]', async () => {
  const ran: string[] = []
  const result = await evaluate({
    candidates: ids('b', 'a'),
    items: ['x', 'y'],
    scorers: [number],
    run: ({ id }, item, { index }) => {
      ran.push(`${id}${item}${index}`)
      return 1
    },
  })
  expect(ran).toEqual(['bx0', 'by1', 'ax0', 'ay1'])
  expect(result.candidates.map(({ items }) => items.map(({ index }) => index))).toEqual([
    [0, 1],
    [0, 1],
  ])
})

test('with concurrency the starts keep their order and the results their places [EVAL-5]', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      async (turns, concurrency) => {
        const started: number[] = []
        let running = 0
        let most = 0
        const result = await evaluate({
          candidates: ids('a'),
          items: turns,
          concurrency,
          scorers: [scorer(() => 1)],
          run: async (_candidate, count, { index }) => {
            started.push(index)
            most = Math.max(most, ++running)
            for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
            running--
            return index
          },
        })
        expect(started).toEqual(turns.map((_count, index) => index))
        expect(most).toBeLessThanOrEqual(concurrency)
        expect(result.candidates[0]?.items.map(({ output }) => output)).toEqual(started)
      },
    ),
    { numRuns: 40 },
  )
})

test('the best is first: by mean, then pass rate, then id [EVAL-7]', async () => {
  const scores: Record<string, readonly number[]> = {
    worse: [0.1, 0.1],
    'even-b': [0.5, 0.5],
    passes: [1, 0],
    'even-a': [0.5, 0.5],
    best: [1, 0.5],
    'Even-c': [0.5, 0.5],
  }
  const result = await evaluate({
    candidates: ids(...Object.keys(scores)),
    items: [0, 1],
    scorers: [number],
    run: ({ id }, item) => scores[id]?.[item],
  })
  expect(result.candidates.map(({ id, mean, passRate }) => [id, mean, passRate])).toEqual([
    ['best', 0.75, 0.5],
    ['passes', 0.5, 0.5],
    ['Even-c', 0.5, 0],
    ['even-a', 0.5, 0],
    ['even-b', 0.5, 0],
    ['worse', 0.1, 0],
  ])
})

test('an item has the mean of its scores and passes when every scorer passes it', async () => {
  const result = await evaluate({
    candidates: ids('a'),
    items: ['tea'],
    scorers: [contains({ text: 'tea' }), scorer(() => 0.5, 'half')],
    run: (_candidate, item) => item,
  })
  expect(result.candidates[0]).toMatchObject({ mean: 0.75, passRate: 0 })
  expect(result.candidates[0]?.items[0]).toEqual({
    index: 0,
    score: 0.75,
    passed: false,
    output: 'tea',
    scores: [
      { scorer: 'contains', score: 1, passed: true },
      { scorer: 'half', score: 0.5, passed: false },
    ],
  })
})

test('a run that throws scores 0 with the code of its error, and the others go on', async () => {
  const errors = [new HarnessError({ code: 'agent/budget', message: 'Over.' }), new TypeError('secret')]
  const result = await evaluate({
    candidates: ids('a'),
    items: [0, 1, 2],
    scorers: [number],
    run: (_candidate, item) => {
      const error = errors[item]
      if (error !== undefined) throw error
      return 1
    },
  })
  const [budget, odd, good] = result.candidates[0]?.items ?? []
  expect(budget).toMatchObject({
    score: 0,
    passed: false,
    error: { code: 'agent/budget' },
    scores: [{ scorer: 'given', score: 0, reason: 'the run failed: agent/budget' }],
  })
  expect(odd).toMatchObject({ score: 0, scores: [{ reason: 'the run failed: TypeError' }] })
  expect(good).toMatchObject({ score: 1, passed: true })
  expect(result.candidates[0]).toMatchObject({ mean: 1 / 3, passRate: 1 / 3 })
})

test('a scorer that throws, or gives no score, counts as 0', async () => {
  const broken: Scorer = {
    name: 'broken',
    score: () => {
      throw new RangeError('no')
    },
  }
  const result = await evaluate({
    candidates: ids('a'),
    items: [0],
    scorers: [broken, scorer(() => Number.NaN, 'nan'), scorer(() => 2, 'two')],
    run: () => 1,
  })
  expect(result.candidates[0]?.items[0]?.scores).toEqual([
    { scorer: 'broken', score: 0, passed: false, reason: 'the scorer failed: RangeError' },
    { scorer: 'nan', score: 0, passed: false, reason: 'the scorer gave no number from 0 to 1' },
    { scorer: 'two', score: 0, passed: false, reason: 'the scorer gave no number from 0 to 1' },
  ])
})

test('an abort ends it at once, starts nothing more and reaches the runs under way [EVAL-6]', async () => {
  const stop = new AbortController()
  const running = gate()
  let runs = 0
  let seen: unknown
  const evaluation = evaluate({
    candidates: ids('a'),
    items: [0, 1, 2],
    scorers: [number],
    signal: stop.signal,
    run: (_candidate, _item, { signal }) => {
      runs++
      running.open()
      signal.addEventListener('abort', () => (seen = signal.reason))
      return new Promise(() => undefined)
    },
  })
  await running.opened
  const reason = new Error('enough')
  stop.abort(reason)
  const error = await failureOf(evaluation)
  expect(error).toMatchObject({ code: 'operation/cancelled', cause: reason })
  expect(seen).toBe(reason)
  expect(runs).toBe(1)
})

test('a signal that is aborted already refuses before anything runs [EVAL-6]', async () => {
  let runs = 0
  const evaluation = evaluate({
    candidates: ids('a'),
    items: [0],
    scorers: [number],
    signal: AbortSignal.abort(),
    run: () => ++runs,
  })
  expect(await failureOf(evaluation)).toMatchObject({ code: 'operation/cancelled' })
  expect(runs).toBe(0)
})

test.each([
  ['candidates', { candidates: [] }],
  ['items', { items: [] }],
  ['scorers', { scorers: [] }],
  ['candidates', { candidates: ids('a', 'a') }],
])('no %s, or no id of its own, is validation/eval_input: %j [EVAL-8]', async (field, over) => {
  const init = { candidates: ids('a'), items: [0], scorers: [number], run: () => 1, ...over }
  expect(await failureOf(evaluate(init))).toMatchObject({ code: 'validation/eval_input', meta: { field } })
})

test('a concurrency that is no count is refused', async () => {
  const init = { candidates: ids('a'), items: [0], scorers: [number], run: () => 1, concurrency: 0 }
  expect(await failureOf(evaluate(init))).toMatchObject({ code: 'validation/options' })
})

test('scorers are closed at the end, also after an abort', async () => {
  let closed = 0
  const closing: Scorer = { ...number, close: async () => void closed++ }
  const init = { candidates: ids('a'), items: [0], scorers: [closing], run: () => 1 }
  await evaluate(init)
  expect(closed).toBe(1)
  await failureOf(evaluate({ ...init, signal: AbortSignal.abort() }))
  expect(closed).toBe(2)
})
