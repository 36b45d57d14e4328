import { isCodedError } from '@belay/core/ports'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openai, openaiCompatible } from '../src/index.ts'
import { collect, failureOf } from './request.ts'
import { protocols } from './subjects.ts'

afterEach(() => vi.unstubAllEnvs())

const statuses: readonly (readonly [number, string, boolean])[] = [
  [400, 'model/bad-request', false],
  [401, 'model/auth', false],
  [402, 'model/bad-request', false],
  [403, 'model/auth', false],
  [404, 'model/bad-request', false],
  [408, 'model/timeout', true],
  [409, 'model/server', true],
  [413, 'model/bad-request', false],
  [422, 'model/bad-request', false],
  [429, 'model/rate-limit', true],
  [500, 'model/server', true],
  [502, 'model/server', true],
  [503, 'model/server', true],
  [504, 'model/timeout', true],
  [529, 'model/server', true],
  [302, 'model/bad-request', false],
]

describe.each(protocols)('an HTTP error over $name', ({ start }) => {
  it.each(statuses)('%i is %s [MOD-7, MOD-10, MOD-11, MOD-24]', async (status, code, retryable) => {
    const { model, server } = await start({
      refuse: { status, headers: { location: '/elsewhere' }, message: 'No.' },
    })
    const { error, parts } = await failureOf(model)
    expect(isCodedError(error)).toBe(true)
    expect(error).toMatchObject({
      code,
      retryable,
      meta: { status, requestId: 'req_test', providerMessage: 'No.' },
    })
    expect(error).not.toHaveProperty('cause')
    expect(parts).toEqual([])
    expect(server.requests).toHaveLength(1)
  })

  it.each([
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ date: 'Wed, 01 Jan 2025 00:00:00 GMT', 'retry-after': 'Wed, 01 Jan 2025 00:00:30 GMT' }, 30_000],
    [{ date: 'Wed, 01 Jan 2025 00:00:00 GMT', 'retry-after': 'Tue, 31 Dec 2024 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
  ])('%o asks to wait %s ms [MOD-9]', async (headers, wait) => {
    const { model } = await start({ refuse: { status: 429, headers } })
    const { error } = await failureOf(model)
    expect((error as { meta: Record<string, unknown> }).meta['retryAfterMs']).toBe(wait)
  })

  it('an account without money is not asked again', async () => {
    const body = JSON.stringify({
      error: { message: 'You exceeded your quota.', type: 'insufficient_quota', code: 'insufficient_quota' },
    })
    const { model } = await start({ refuse: { status: 429, headers: { 'retry-after': '1' } }, body })
    const { error } = await failureOf(model)
    expect(error).toMatchObject({
      code: 'model/rate-limit',
      retryable: false,
      meta: { providerCode: 'insufficient_quota' },
    })
    expect(error).not.toHaveProperty('meta.retryAfterMs')
  })

  it('keeps what the headers say of limits, and safe headers, and no other [MOD-24]', async () => {
    const headers = {
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1s',
      'openai-processing-ms': '12',
      'set-cookie': 'session=secret',
      'x-other': 'no',
    }
    const { model } = await start({ refuse: { status: 429, headers } })
    const { meta } = (await failureOf(model)).error as { readonly meta: Readonly<Record<string, unknown>> }
    expect(meta['rateLimit']).toEqual({
      requests: { remaining: 0, resetMs: 1_000 },
      tokens: { limit: 1_000 },
    })
    expect(meta['headers']).toEqual({
      'content-type': 'application/json',
      date: expect.any(String),
      'openai-processing-ms': '12',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1s',
    })
  })

  it.each(['context-length', 'content-filter'] as const)('%s has its own code', async (cause) => {
    const { model } = await start({ refuse: { status: 400, cause } })
    expect((await failureOf(model)).error).toMatchObject({
      code: `model/${cause}`,
      retryable: false,
      meta: { status: 400 },
    })
  })

  it.each([
    [400, "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."],
    [400, 'the request exceeds the available context size. try increasing the context size'],
    [400, 'prompt is too long: 210000 tokens > 200000 maximum'],
    [422, 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000'],
    [500, 'context length exceeded'],
    [
      400,
      'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
    ],
  ])('%i with the words of a full window is context-length: %s', async (status, message) => {
    const { model } = await start({ refuse: { status }, body: JSON.stringify({ error: { message } }) })
    expect((await failureOf(model)).error).toMatchObject({ code: 'model/context-length', retryable: false })
  })

  it.each([
    ['{"error":"model not loaded"}', 'model not loaded'],
    ['{"message":"no such route","code":400}', 'no such route'],
    ['{"detail":"not there"}', 'not there'],
    ['plain words', 'plain words'],
    ['', undefined],
    ['<html>gateway</html>', undefined],
    ['[]', undefined],
  ])('reads the body %s', async (body, message) => {
    const { model } = await start({ refuse: { status: 400 }, body })
    const { error } = await failureOf(model)
    expect((error as { meta: Record<string, unknown> }).meta['providerMessage']).toBe(message)
  })
})

describe.each(protocols)('an error inside the stream over $name', ({ name, start }) => {
  const frame = (error: object): string =>
    name === 'responses'
      ? `event: error\ndata: ${JSON.stringify({ type: 'error', sequence_number: 9, param: null, ...error })}\n\n`
      : `data: ${JSON.stringify({ error })}\n\n`

  describe.each([0, 1])('after %i parts', (before) => {
    it.each([
      [{ code: 'rate_limit_exceeded', message: 'Slow down.' }, 'model/rate-limit', true],
      [{ code: 'insufficient_quota', message: 'Pay.' }, 'model/rate-limit', false],
      [{ code: 'server_error', message: 'Oops.' }, 'model/server', true],
      [{ code: 'context_length_exceeded', message: 'Too long.' }, 'model/context-length', false],
      [{ code: '503', message: 'Busy.' }, 'model/server', true],
      [{ code: 'invalid_request', message: 'What?' }, 'model/bad-request', false],
    ])('%o is %s [MOD-24]', async (error, code, retryable) => {
      const texts = Array.from({ length: before }, () => ({ do: 'text' as const, text: 'Hello' }))
      const { model } = await start({
        answer: [...texts, { do: 'raw', text: frame(error) }, { do: 'finish', reason: 'stop' }],
      })
      const failure = await failureOf(model)
      expect(failure.parts).toHaveLength(before)
      expect(failure.error).toMatchObject({
        code,
        retryable,
        meta: { requestId: 'req_test', providerCode: error.code, providerMessage: error.message },
      })
    })
  })

  if (name === 'responses') {
    it.each([
      [{ code: 'server_error', message: 'It failed.' }, 'It failed.'],
      [null, undefined],
    ])('a failed response (%o) is an error', async (error, message) => {
      const text = `data: ${JSON.stringify({ type: 'response.failed', sequence_number: 3, response: { status: 'failed', error } })}\n\n`
      const { model } = await start({ answer: [{ do: 'raw', text }] })
      const failure = await failureOf(model)
      expect(failure.error).toMatchObject({ code: 'model/server', retryable: true })
      expect((failure.error as { meta: Record<string, unknown> }).meta['providerMessage']).toBe(message)
    })
  }
})

describe('without a provider', () => {
  it.each(['responses', 'chat'] as const)('a missing key says what to set, over %s', async (api) => {
    vi.stubEnv('OPENAI_API_KEY', undefined)
    const { error } = await failureOf(openai('test-model', { api }))
    expect(error).toMatchObject({
      code: 'model/auth',
      retryable: false,
      message: expect.stringContaining('OPENAI_API_KEY'),
    })
  })

  it('an address where nobody listens is a network error', async () => {
    const model = openaiCompatible({ baseURL: 'http://127.0.0.1:1/v1' })('test-model')
    expect((await failureOf(model)).error).toMatchObject({ code: 'model/network', retryable: true })
    await expect(collect(model)).rejects.not.toHaveProperty('cause')
  })

  it('a base URL that is none is misuse', () => {
    expect(() => openaiCompatible({ baseURL: 'localhost' })).toThrow(TypeError)
  })
})
