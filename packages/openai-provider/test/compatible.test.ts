import { describe, expect, it } from 'vitest'
import { openaiCompatible } from '../src/index.ts'
import { startProtocolServer } from './protocol-server.ts'
import { collect, failureOf, hello, textOf } from './request.ts'
import { subjects } from './subjects.ts'

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ delta, finish_reason: finish }] })}\n\n`
const done = 'data: [DONE]\n\n'

async function answerOf(...texts: string[]) {
  const { model } = await subjects.compatible({ answer: texts.map((text) => ({ do: 'raw' as const, text })) })
  return collect(model)
}

describe('tool calls of compatible servers', () => {
  const call = (fields: object, args: unknown = '{"a":1}') => ({
    ...fields,
    function: { name: 'add', arguments: args },
  })

  it('whole calls in one chunk, without index', async () => {
    const parts = await answerOf(
      chunk({ tool_calls: [call({ id: 'x' }), call({ id: 'y' })] }, 'tool_calls'),
      done,
    )
    expect(parts).toMatchObject([
      { callId: 'x', arguments: '{"a":1}' },
      { callId: 'y' },
      { reason: 'tool_calls' },
    ])
  })

  it('without ids, each is given its own', async () => {
    const parts = await answerOf(
      chunk({ tool_calls: [call({ index: 0 }), call({ index: 1 })] }, 'tool_calls'),
      done,
    )
    const ids = parts.flatMap((part) => (part.type === 'tool-call' ? [part.callId] : []))
    expect(new Set(ids).size).toBe(2)
    expect(ids.every((id) => id.length > 8)).toBe(true)
  })

  it('all with index 0', async () => {
    const parts = await answerOf(
      chunk({ tool_calls: [call({ index: 0, id: 'x' })] }),
      chunk({ tool_calls: [call({ index: 0, id: 'y' })] }, 'stop'),
      done,
    )
    expect(parts).toMatchObject([
      { callId: 'x' },
      { callId: 'y' },
      { reason: 'tool_calls', rawReason: 'stop' },
    ])
  })

  it('all with index 0, told apart by their ids alone', async () => {
    const first = chunk({ tool_calls: [call({ index: 0, id: 'x' }, '')] })
    const parts = await answerOf(
      first,
      chunk({ tool_calls: [call({ index: 0, id: 'y' })] }, 'tool_calls'),
      done,
    )
    expect(parts).toMatchObject([{ callId: 'x', arguments: '' }, { callId: 'y', arguments: '{"a":1}' }, {}])
  })

  it('twins with one id and index 0', async () => {
    const parts = await answerOf(
      chunk({ tool_calls: [call({ index: 0, id: 'x' }), call({ index: 0, id: 'x' })] }, 'tool_calls'),
      done,
    )
    expect(parts).toMatchObject([
      { callId: 'x', arguments: '{"a":1}' },
      { callId: 'x', arguments: '{"a":1}' },
      {},
    ])
  })

  it('id and name repeated on each delta', async () => {
    const deltas = ['{"a', '":1', '}'].map((args) =>
      chunk({ tool_calls: [call({ index: 0, id: 'x' }, args)] }),
    )
    expect(await answerOf(...deltas, chunk({}, 'tool_calls'), done)).toMatchObject([
      { callId: 'x', arguments: '{"a":1}' },
      {},
    ])
  })

  it('arguments as an object', async () => {
    expect(await answerOf(chunk({ tool_calls: [call({ id: 'x' }, { a: 1 })] }, 'stop'), done)).toMatchObject([
      { arguments: '{"a":1}' },
      {},
    ])
  })

  it('interleaved by index', async () => {
    const piece = (index: number, fields: object) => chunk({ tool_calls: [{ index, ...fields }] })
    const parts = await answerOf(
      piece(0, { id: 'x', function: { name: 'add', arguments: '' } }),
      piece(1, { id: 'y', function: { name: 'sub', arguments: '{"b"' } }),
      piece(0, { function: { arguments: '{}' } }),
      piece(1, { function: { arguments: ':2}' } }),
      chunk({}, 'tool_calls'),
      done,
    )
    expect(parts).toMatchObject([
      { callId: 'x', name: 'add', arguments: '{}' },
      { callId: 'y', name: 'sub', arguments: '{"b":2}' },
      {},
    ])
  })

  it.each([
    ['no name', [{ index: 0, id: 'x', function: { arguments: '{}' } }]],
    ['a number for arguments', [{ index: 0, id: 'x', function: { name: 'add', arguments: 7 } }]],
    ['text for a function', [{ index: 0, id: 'x', function: 'add' }]],
    ['no list', 'add'],
  ])('with %s are malformed', async (_, calls) => {
    const { model } = await subjects.compatible({
      answer: [{ do: 'raw', text: chunk({ tool_calls: calls }, 'tool_calls') + done }],
    })
    expect((await failureOf(model)).error).toMatchObject({ code: 'model/malformed' })
  })
})

describe('the end of a compatible stream', () => {
  it('may come without [DONE] when the model said why it stopped', async () => {
    expect(await answerOf(chunk({ content: 'Hi' }), chunk({}, 'stop'))).toMatchObject([
      { text: 'Hi' },
      { reason: 'stop', usage: {} },
    ])
  })

  it('is incomplete with [DONE] alone', async () => {
    const { model } = await subjects.compatible({
      answer: [{ do: 'raw', text: chunk({ content: 'Hi' }) + done }],
    })
    expect((await failureOf(model)).error).toMatchObject({ code: 'model/incomplete' })
  })

  it('is [DONE], whatever the server keeps open', async () => {
    const { model, server } = await subjects.compatible({
      answer: [{ do: 'text', text: 'Hi' }, { do: 'finish', reason: 'stop' }, { do: 'hang' }],
    })
    expect(await collect(model)).toMatchObject([{ text: 'Hi' }, { reason: 'stop' }])
    expect(await (await server.arrived(0)).closed).toEqual({ whole: false })
  })

  it.each([
    ['eos', 'stop'],
    ['max_tokens', 'length'],
    ['function_call', 'tool_calls'],
    ['model_context_window_exceeded', 'context_limit'],
    ['abort', 'cancelled'],
    ['pause_turn', 'pause'],
    ['something new', 'error'],
  ])('maps %s to %s [MOD-16]', async (word, reason) => {
    expect((await answerOf(chunk({ content: 'Hi' }, word), done)).at(-1)).toMatchObject({
      reason,
      rawReason: word,
    })
  })
})

describe('the form of a compatible stream', () => {
  it('may have CR LF, other fields, several data lines and split characters', async () => {
    const bytes = chunk({ content: 'é☃' })
      .replaceAll('\n', '\r\n')
      .replace('"choices"', '\r\ndata: "choices"')
    expect(textOf(await answerOf(`id: 4\r\nretry: 1\r\n${bytes}`, chunk({}, 'stop'), done))).toBe('é☃')
  })

  it('may be one JSON body', async () => {
    const body = {
      id: 'c',
      choices: [{ message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 1 },
    }
    const { model } = await subjects.compatible({
      answer: [{ do: 'raw', text: JSON.stringify(body) }],
      headers: { 'content-type': 'application/json' },
    })
    expect(await collect(model)).toMatchObject([
      { text: 'Hi' },
      { reason: 'stop', usage: { inputTokens: 3, outputTokens: 1 } },
    ])
  })

  it('may be an error with status 200', async () => {
    const { model } = await subjects.compatible({
      answer: [{ do: 'raw', text: JSON.stringify({ error: { message: 'Busy.', code: 503 } }) }],
      headers: { 'content-type': 'application/json' },
    })
    expect((await failureOf(model)).error).toMatchObject({
      code: 'model/server',
      retryable: true,
      meta: { status: 503 },
    })
  })
})

describe('a compatible server without a key', () => {
  it('gets no authorization and its own name and fields', async () => {
    const server = await startProtocolServer([{ answer: [{ do: 'finish', reason: 'stop' }] }])
    try {
      const model = openaiCompatible({
        baseURL: `${server.baseURL}/`,
        name: 'ollama',
        providerOptions: { top_k: 20, stream_options: null },
      })('qwen3')
      expect(model).toMatchObject({
        provider: 'ollama',
        modelId: 'qwen3',
        capabilities: ['text', 'object', 'tools'],
      })
      await collect(model, {
        ...hello,
        settings: { maxOutputTokens: 5 },
        providerOptions: { ollama: { reasoningEffort: 'low' }, other: { x: 1 } },
      })
      expect(server.requests[0]?.headers.authorization).toBeUndefined()
      expect(server.requests[0]?.path).toBe('/v1/chat/completions')
      expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
        model: 'qwen3',
        messages: [{ role: 'user', content: 'Say hello.' }],
        stream: true,
        max_tokens: 5,
        top_k: 20,
        reasoning_effort: 'low',
      })
    } finally {
      await server.close()
    }
  })
})
