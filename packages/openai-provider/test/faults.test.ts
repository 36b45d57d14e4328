import { getEventListeners } from 'node:events'
import type { ModelPart } from '@belay/core/ports'
import { describe, expect, it } from 'vitest'
import { openai } from '../src/index.ts'
import { collect, failureOf, hello } from './request.ts'
import { protocols } from './subjects.ts'

describe.each(protocols)('a fault over $name', ({ name, start }) => {
  it('half-open: an abort settles the read and closes the socket', async () => {
    const { model, server } = await start({ answer: [{ do: 'text', text: 'Hel' }, { do: 'hang' }] })
    const controller = new AbortController()
    const reason = new Error('enough')
    const parts = model.generate(hello, { signal: controller.signal })[Symbol.asyncIterator]()
    expect(await parts.next()).toMatchObject({ value: { text: 'Hel' } })
    const pending = parts.next()
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    expect(await (await server.arrived(0)).closed).toEqual({ whole: false })
    expect(await parts.next()).toEqual({ done: true, value: undefined })
    expect(server.openRequests()).toBe(0)
  })

  it('silent from the start: an abort settles the first read and closes the socket', async () => {
    const { model, server } = await start({ answer: [{ do: 'hang' }] })
    const controller = new AbortController()
    const pending = collect(model, hello, controller.signal)
    const request = await server.arrived(0)
    controller.abort()
    await expect(pending).rejects.toBe(controller.signal.reason)
    expect(await request.closed).toEqual({ whole: false })
  })

  it('an abort settles the call also when fetch ignores its signal', async () => {
    const controller = new AbortController()
    const called = Promise.withResolvers<void>()
    const deaf = openai('test-model', {
      apiKey: 'test-key',
      api: name === 'responses' ? 'responses' : 'chat',
      baseURL: 'http://127.0.0.1:9/v1',
      fetch: () => {
        called.resolve()
        return new Promise(() => {})
      },
    })
    const pending = collect(deaf, hello, controller.signal)
    await called.promise
    controller.abort()
    await expect(pending).rejects.toBe(controller.signal.reason)
  })

  it('an abort before the start makes no request', async () => {
    const { model, server } = await start({ answer: [{ do: 'finish', reason: 'stop' }] })
    const reason = new Error('never')
    await expect(collect(model, hello, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(server.requests).toHaveLength(0)
  })

  it('nothing is asked for before the first part is', async () => {
    const { model, server } = await start({ answer: [{ do: 'finish', reason: 'stop' }] })
    const parts = model.generate(hello, { signal: new AbortController().signal })[Symbol.asyncIterator]()
    await parts.return?.()
    expect(await parts.next()).toEqual({ done: true, value: undefined })
    expect(server.requests).toHaveLength(0)
  })

  it('leaving early closes the socket [MOD-19]', async () => {
    const { model, server } = await start({ answer: [{ do: 'text', text: 'Hel' }, { do: 'hang' }] })
    for await (const part of model.generate(hello, { signal: new AbortController().signal })) {
      expect(part).toMatchObject({ type: 'text-delta' })
      break
    }
    expect(await (await server.arrived(0)).closed).toEqual({ whole: false })
  })

  it('leaves no listener on the signal, however the call ends', async () => {
    const { model } = await start(
      { answer: [{ do: 'finish', reason: 'stop' }] },
      { answer: [{ do: 'end' }] },
      { answer: [{ do: 'text', text: 'Hel' }, { do: 'hang' }] },
    )
    const { signal } = new AbortController()
    await collect(model, hello, signal)
    await expect(collect(model, hello, signal)).rejects.toMatchObject({ code: 'model/incomplete' })
    for await (const part of model.generate(hello, { signal })) {
      expect(part).toMatchObject({ text: 'Hel' })
      break
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('leaving before any answer closes the socket', async () => {
    const { model, server } = await start({ answer: [{ do: 'hang' }] })
    const parts = model.generate(hello, { signal: new AbortController().signal })[Symbol.asyncIterator]()
    const pending = parts.next()
    const request = await server.arrived(0)
    await parts.return?.()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(await request.closed).toEqual({ whole: false })
  })

  it('an abort cancels the body also when fetch ignores its signal', async () => {
    const { server } = await start({ answer: [{ do: 'text', text: 'Hel' }, { do: 'hang' }] })
    const controller = new AbortController()
    const reason = new Error('enough')
    const deaf = openai('test-model', {
      apiKey: 'test-key',
      api: name === 'responses' ? 'responses' : 'chat',
      baseURL: server.baseURL,
      fetch: (url, init) => {
        const { signal: _, ...rest } = init ?? {}
        return fetch(url, rest)
      },
    })
    const reading = (async () => {
      for await (const part of deaf.generate(hello, { signal: controller.signal })) {
        expect(part).toMatchObject({ text: 'Hel' })
        controller.abort(reason)
      }
    })()
    await expect(reading).rejects.toBe(reason)
    expect(await (await server.arrived(0)).closed).toEqual({ whole: false })
  })

  it('leaving during a read settles it', async () => {
    const { model, server } = await start({ answer: [{ do: 'text', text: 'Hel' }, { do: 'hang' }] })
    const parts = model.generate(hello, { signal: new AbortController().signal })[Symbol.asyncIterator]()
    await parts.next()
    const pending = parts.next()
    await parts.return?.()
    expect(await pending).toEqual({ done: true, value: undefined })
    await (
      await server.arrived(0)
    ).closed
  })

  it.each([0, 1, 3])('an end after %i chunks is incomplete [MOD-22]', async (chunks) => {
    const texts = Array.from({ length: chunks }, () => ({ do: 'text' as const, text: 'x' }))
    const { model, server } = await start({ answer: [...texts, { do: 'end' }] })
    const { error, parts } = await failureOf(model)
    expect(error).toMatchObject({
      code: 'model/incomplete',
      retryable: chunks === 0,
      meta: { requestId: 'req_test' },
    })
    expect(parts).toHaveLength(chunks)
    expect(server.requests).toHaveLength(1)
  })

  it('an end in the middle of a tool call gives no call', async () => {
    const text =
      name === 'responses'
        ? `data: ${JSON.stringify({ type: 'response.output_item.added', output_index: 0, item: { type: 'function_call', id: 'i', call_id: 'c', name: 'add', arguments: '' } })}\n\n` +
          `data: ${JSON.stringify({ type: 'response.function_call_arguments.delta', item_id: 'i', output_index: 0, delta: '{"a"' })}\n\n`
        : `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'add', arguments: '{"a"' } }] } }] })}\n\n`
    const { model } = await start({ answer: [{ do: 'raw', text }, { do: 'end' }] })
    const { error, parts } = await failureOf(model)
    expect(error).toMatchObject({ code: 'model/incomplete' })
    expect(parts).toEqual([])
  })

  it('a reset before the answer is a network error', async () => {
    const { model, server } = await start({ answer: [{ do: 'reset' }] })
    const { error } = await failureOf(model)
    expect(error).toMatchObject({
      code: 'model/network',
      retryable: true,
      meta: { networkCode: expect.any(String) },
    })
    expect(server.requests).toHaveLength(1)
  })

  it('a reset in the stream is incomplete', async () => {
    const { model, server } = await start({
      answer: [{ do: 'text', text: 'Hel' }, { do: 'reset' }],
    })
    const { error, parts } = await failureOf(model)
    expect(error).toMatchObject({ code: 'model/incomplete', retryable: parts.length === 0 })
    expect(server.requests).toHaveLength(1)
  })

  it('a malformed chunk is never followed by a finish [MOD-23]', async () => {
    const { model, server } = await start({
      answer: [
        { do: 'text', text: 'Hel' },
        { do: 'malformed' },
        { do: 'text', text: 'lo' },
        { do: 'finish', reason: 'stop' },
      ],
    })
    const { error, parts } = await failureOf(model)
    expect(error).toMatchObject({ code: 'model/malformed', retryable: false })
    expect(parts.some((part: ModelPart) => part.type === 'finish')).toBe(false)
    expect(server.requests).toHaveLength(1)
  })

  it.each([
    ['not JSON at all', 'data: hello\n\n'],
    ['a number', 'data: 7\n\n'],
    ['a list', 'data: []\n\n'],
    ['null', 'data: null\n\n'],
    [
      'text in a wrong type',
      name === 'responses'
        ? 'data: {"type":"response.output_text.delta","item_id":"x","delta":7}\n\n'
        : 'data: {"choices":[{"delta":{"content":7}}]}\n\n',
    ],
    ['an object of no known form', name === 'responses' ? 'data: {"hello":1}\n\n' : 'data: {"hello":1}\n\n'],
  ])('a chunk that is %s is malformed', async (_, text) => {
    const { model } = await start({
      answer: [
        { do: 'raw', text },
        { do: 'finish', reason: 'stop' },
      ],
    })
    expect((await failureOf(model)).error).toMatchObject({ code: 'model/malformed' })
  })

  it('a web page is malformed', async () => {
    const { model } = await start({
      answer: [{ do: 'raw', text: '<html></html>' }],
      headers: { 'content-type': 'text/html' },
    })
    expect((await failureOf(model)).error).toMatchObject({
      code: 'model/malformed',
      meta: { requestId: 'req_test' },
    })
  })

  it('comments and empty events are not chunks', async () => {
    const { model } = await start({
      answer: [
        { do: 'raw', text: ': ping\n\nevent: ping\n\n' },
        { do: 'finish', reason: 'stop' },
      ],
    })
    expect(await collect(model)).toHaveLength(1)
  })
})
