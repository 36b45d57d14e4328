import { describe, expect, it } from 'vitest'
import { collect, textOf } from './request.ts'
import { protocols, subjects } from './subjects.ts'

describe.each(protocols)('an answer over $name', ({ name, start }) => {
  it('comes as deltas and one finish with usage and ids', async () => {
    const usage = { inputTokens: 12, cachedInputTokens: 4, outputTokens: 9, reasoningTokens: 3 }
    const { model, server } = await start({
      answer: [
        { do: 'text', text: 'Hel' },
        { do: 'text', text: 'lo ☃' },
        { do: 'finish', reason: 'stop', usage },
      ],
    })
    const parts = await collect(model)
    expect(parts).toEqual([
      { type: 'text-delta', text: 'Hel' },
      { type: 'text-delta', text: 'lo ☃' },
      {
        type: 'finish',
        reason: 'stop',
        rawReason: name === 'responses' ? 'completed' : 'stop',
        usage,
        response: { id: name === 'responses' ? 'resp_1' : 'chatcmpl-1', model: 'test-model' },
      },
    ])
    expect(server.requests).toHaveLength(1)
  })

  it('leaves counts out that the provider did not give', async () => {
    const { model } = await start(
      { answer: [{ do: 'finish', reason: 'stop' }] },
      { answer: [{ do: 'finish', reason: 'stop', usage: { inputTokens: 1, outputTokens: 0 } }] },
      { answer: [{ do: 'finish', reason: 'stop', usage: { outputTokens: 2 } }] },
    )
    expect((await collect(model)).at(-1)).toMatchObject({ usage: {} })
    expect((await collect(model)).at(-1)).toHaveProperty('usage', { inputTokens: 1, outputTokens: 0 })
    expect((await collect(model)).at(-1)).toHaveProperty('usage', { outputTokens: 2 })
  })

  it('gives tool calls whole, in order, with twin ids and broken arguments as they came', async () => {
    const calls = [
      { callId: 'call_1', name: 'add', arguments: '{"a":1,"b":[2,3]}', pieces: 5 },
      { callId: 'call_1', name: 'add', arguments: '{"a":9}', pieces: 1 },
      { callId: 'call_2', name: 'sub', arguments: '{"a": 1, oops', pieces: 3 },
      { callId: 'call_3', name: 'now', arguments: '', pieces: 1 },
    ]
    const { model } = await start({
      answer: [
        ...calls.map((call) => ({ do: 'tool-call' as const, ...call })),
        { do: 'finish', reason: 'tool_calls' },
      ],
    })
    const parts = await collect(model)
    expect(parts.slice(0, -1)).toMatchObject(
      calls.map(({ callId, name: tool, arguments: text }) => ({
        type: 'tool-call',
        callId,
        name: tool,
        arguments: text,
      })),
    )
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool_calls' })
  })

  it('gives reasoning as reasoning', async () => {
    const { model } = await start({
      answer: [
        { do: 'reasoning', text: 'Hm, ' },
        { do: 'reasoning', text: 'yes.' },
        { do: 'text', text: 'Yes.' },
        { do: 'finish', reason: 'stop' },
      ],
    })
    const parts = await collect(model)
    const reasoning = parts.filter((part) => part.type === 'reasoning-delta')
    expect(reasoning.map((part) => part.text).join('')).toBe('Hm, yes.')
    expect(textOf(parts)).toBe('Yes.')
    if (name === 'responses') {
      expect(reasoning.at(-1)?.provider).toEqual({
        openai: { itemId: 'item_0', reasoningEncryptedContent: 'sealed' },
      })
    }
  })

  it.each([
    ['length', name === 'responses' ? 'max_output_tokens' : 'length'],
    ['content_filter', 'content_filter'],
  ] as const)('maps the end %s and keeps the word %s [MOD-16]', async (reason, rawReason) => {
    const { model } = await start({
      answer: [
        { do: 'text', text: 'So' },
        { do: 'finish', reason },
      ],
    })
    expect((await collect(model)).at(-1)).toMatchObject({ type: 'finish', reason, rawReason })
  })
})

describe('a refusal', () => {
  it('is text and the reason over responses', async () => {
    const event = (type: string, fields: object): string => `data: ${JSON.stringify({ type, ...fields })}\n\n`
    const { model } = await subjects.responses({
      answer: [
        {
          do: 'raw',
          text:
            event('response.output_item.added', { output_index: 0, item: { type: 'message', id: 'm' } }) +
            event('response.refusal.delta', {
              item_id: 'm',
              output_index: 0,
              content_index: 0,
              delta: 'I cannot.',
            }),
        },
        { do: 'finish', reason: 'stop' },
      ],
    })
    const parts = await collect(model)
    expect(textOf(parts)).toBe('I cannot.')
    expect(parts.at(-1)).toMatchObject({ reason: 'refusal', rawReason: 'completed' })
  })

  it('is text and the reason over chat', async () => {
    const { model } = await subjects.chat({
      answer: [
        {
          do: 'raw',
          text: `data: ${JSON.stringify({ choices: [{ delta: { refusal: 'I cannot.' } }] })}\n\n`,
        },
        { do: 'finish', reason: 'stop' },
      ],
    })
    const parts = await collect(model)
    expect(textOf(parts)).toBe('I cannot.')
    expect(parts.at(-1)).toMatchObject({ reason: 'refusal', rawReason: 'stop' })
  })
})

describe.each(protocols)('an answer of 50 MB over $name', ({ start }) => {
  it('passes through in deltas without being kept', async () => {
    const text = 'x'.repeat(1024 * 1024)
    const { model } = await start({
      answer: [
        ...Array.from({ length: 50 }, () => ({ do: 'text' as const, text })),
        { do: 'finish', reason: 'stop' },
      ],
    })
    let length = 0
    for await (const part of model.generate(
      { messages: [{ role: 'system', content: 'Go on.' }] },
      { signal: new AbortController().signal },
    )) {
      if (part.type === 'text-delta') length += part.text.length
      else expect(part).toMatchObject({ type: 'finish', reason: 'stop' })
    }
    expect(length).toBe(50 * 1024 * 1024)
  })
})
