import assert from 'node:assert/strict'
import { test } from 'vitest'
import { calm, collect, collectFinished, requestOf } from '../src/contract/model-case.ts'
import { manualPlatform } from '../src/fakes/manual-platform.ts'
import { refusalTurn, textTurn, toolCallTurn } from '../src/model/script-turns.ts'
import { scriptedModel } from '../src/model/scripted-model.ts'

test('turn k answers request k, and requests are recorded apart from the caller', async () => {
  const model = scriptedModel([
    textTurn('one'),
    (request, index) => textTurn(`${request.messages.length}/${index}`),
  ])
  const request = { messages: [{ role: 'system' as const, content: 'be short' }] }
  assert.equal((await collectFinished(model, request)).text, 'one')
  request.messages.push({ role: 'system', content: 'more' })
  assert.equal((await collectFinished(model, request)).text, '2/1')
  assert.deepEqual(
    model.requests.map((each) => each.messages.length),
    [1, 2],
  )
  model.assertUsedUp()
})

test('a request beyond the script fails, and so does a script that is not used up', async () => {
  const model = scriptedModel([textTurn('one'), textTurn('two')])
  await collectFinished(model, requestOf('a'))
  assert.throws(() => model.assertUsedUp(), /2 turns are scripted, 1 were asked for/)
  await collectFinished(model, requestOf('b'))
  assert.match(String((await collect(model, requestOf('c'))).error), /nothing answers request 3/)
  assert.throws(() => model.assertUsedUp(), /2 turns are scripted, 3 were asked for/)
})

test('a function answers any number of requests', async () => {
  const model = scriptedModel((request) =>
    request.tools === undefined ? textTurn('no tools') : toolCallTurn([{ name: 'x', arguments: {} }]),
  )
  assert.equal((await collectFinished(model, requestOf('a'))).text, 'no tools')
  const tools = [{ name: 'x', description: '', parameters: {} }]
  assert.deepEqual(
    (await collectFinished(model, requestOf('b', { tools }))).calls.map((call) => call.callId),
    ['call-1'],
  )
  model.assertUsedUp()
})

test('a refusal becomes the coded error of its status', async () => {
  const model = scriptedModel([refusalTurn(429, { headers: { 'retry-after': '3' } })])
  const { error } = await collect(model, requestOf('a'))
  assert.deepEqual(
    [(error as { code: string }).code, (error as { meta: unknown }).meta],
    ['model/rate-limit', { status: 429, retryAfterMs: 3_000 }],
  )
})

test('a pause waits on the platform that is given', async () => {
  const platform = manualPlatform()
  const model = scriptedModel([{ answer: [{ do: 'pause', ms: 60_000 }, ...textTurn('late').answer] }], {
    platform,
  })
  const { text } = await platform.runUntil(collectFinished(model, requestOf('a')))
  assert.equal(text, 'late')
  assert.equal(platform.monotonic(), 60_000)
  const next = scriptedModel([{ answer: [{ do: 'pause', ms: 60_000 }] }], { platform })
  const aborter = new AbortController()
  const reading = collect(next, requestOf('b'), { signal: aborter.signal })
  await platform.runUntilIdle()
  aborter.abort('enough')
  assert.equal((await reading).error, 'enough')
  assert.equal(platform.timers(), 0)
  assert.equal(calm.signal.aborted, false)
})
