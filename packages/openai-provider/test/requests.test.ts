import type { ModelRequest } from '@belay/core/ports'
import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { aiSdkModel, openai } from '../src/index.ts'
import { startProtocolServer } from './protocol-server.ts'
import { collect, failureOf, hello } from './request.ts'
import { subjects } from './subjects.ts'

const finish = { answer: [{ do: 'finish' as const, reason: 'stop' as const }] }

const parameters = {
  type: 'object',
  properties: { q: { type: 'string' } },
  required: ['q'],
  additionalProperties: false,
}
const sealed = { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'sealed' } }

const full: ModelRequest = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Look:' },
        { type: 'file', mediaType: 'image/png', data: 'iVBORw0=' },
        { type: 'file', mediaType: 'image/png', data: 'https://example.com/a.png' },
        { type: 'file', mediaType: 'application/pdf', data: 'JVBERi0=', name: 'a.pdf' },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Think.', provider: sealed },
        { type: 'text', text: 'I look.' },
        { type: 'tool-call', callId: 'c1', name: 'find', arguments: '{"q":"x"}' },
        { type: 'tool-call', callId: 'c2', name: 'find', arguments: '{"q": oops' },
        { type: 'tool-call', callId: 'c3', name: 'find', arguments: '' },
        { type: 'tool-call', callId: 'c4', name: 'find', arguments: '[1]' },
      ],
    },
    {
      role: 'tool',
      content: [
        { type: 'tool-result', callId: 'c1', name: 'find', output: { found: [1, null] }, isError: false },
        { type: 'tool-result', callId: 'c2', name: 'find', output: 'not JSON', isError: true },
        { type: 'tool-result', callId: 'c3', name: 'find', output: 'plain', isError: false },
        { type: 'tool-result', callId: 'c4', name: 'find', output: { why: 'list' }, isError: true },
      ],
    },
  ],
  tools: [{ name: 'find', description: 'Finds.', parameters }],
  toolChoice: { tool: 'find' },
  output: { name: 'verdict', schema: parameters },
  settings: { temperature: 0.5, topP: 0.9, maxOutputTokens: 100, stop: ['END'], seed: 7 },
}

const replayed = ['{"q":"x"}', '{"invalid_arguments":"{\\"q\\": oops"}', '{}', '{"invalid_arguments":"[1]"}']
const results = ['{"found":[1,null]}', '{"error":"not JSON"}', 'plain', '{"error":{"why":"list"}}']

/** The fields of both protocols that are looked into. */
interface Body extends Record<string, unknown> {
  readonly messages: readonly { readonly content: unknown }[]
  readonly input: readonly Record<string, unknown>[]
  readonly response_format: { readonly json_schema: { readonly strict: boolean } }
  readonly text: { readonly format: { readonly strict: boolean } }
}

async function bodyOf(api: 'responses' | 'chat', request: ModelRequest, options = {}): Promise<Body> {
  const server = await startProtocolServer([finish])
  try {
    await collect(openai('gpt-4.1', { apiKey: 'k', baseURL: server.baseURL, api, ...options }), request)
    return JSON.parse(server.requests[0]?.body ?? '') as Body
  } finally {
    await server.close()
  }
}

describe('a request over chat', () => {
  it('carries everything', async () => {
    const call = (k: number) => ({
      id: `c${k + 1}`,
      type: 'function',
      function: { name: 'find', arguments: replayed[k] },
    })
    expect(await bodyOf('chat', full)).toEqual({
      model: 'gpt-4.1',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      top_p: 0.9,
      max_completion_tokens: 100,
      stop: ['END'],
      seed: 7,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look:' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0=' } },
            { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          ],
        },
        { role: 'assistant', content: 'I look.', tool_calls: [0, 1, 2, 3].map(call) },
        ...results.map((content, k) => ({ role: 'tool', tool_call_id: `c${k + 1}`, content })),
      ],
      tools: [{ type: 'function', function: { name: 'find', description: 'Finds.', parameters } }],
      tool_choice: { type: 'function', function: { name: 'find' } },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'verdict', schema: parameters, strict: true },
      },
    })
  })

  it('takes audio, and refuses what the protocol has no place for before any I/O', async () => {
    const audio = (data: string, mediaType = 'audio/wav'): ModelRequest => ({
      messages: [{ role: 'user', content: [{ type: 'file', mediaType, data }] }],
    })
    expect((await bodyOf('chat', audio('UklGRg=='))).messages[0]?.content).toEqual([
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    ])
    const { model, server } = await subjects.chat(finish)
    for (const request of [audio('https://example.com/a.wav'), audio('AA==', 'audio/flac')]) {
      expect((await failureOf(model, request)).error).toMatchObject({ code: 'model/bad-request' })
    }
    expect(server.requests).toHaveLength(0)
  })
})

describe('a request over responses', () => {
  it('carries everything and keeps nothing at the provider', async () => {
    const body = await bodyOf('responses', full)
    expect(body).toMatchObject({
      model: 'gpt-4.1',
      stream: true,
      store: false,
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 100,
    })
    expect(body['tool_choice']).toEqual({ type: 'function', name: 'find' })
    expect(body['tools']).toMatchObject([
      { type: 'function', name: 'find', description: 'Finds.', parameters },
    ])
    expect(body['text']).toMatchObject({
      format: { type: 'json_schema', name: 'verdict', schema: parameters, strict: true },
    })
    const { input } = body
    expect(input[0]).toMatchObject({ role: 'system', content: 'Be brief.' })
    expect(input[1]).toMatchObject({
      role: 'user',
      content: [
        { type: 'input_text', text: 'Look:' },
        { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0=' },
        { type: 'input_image', image_url: 'https://example.com/a.png' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
      ],
    })
    expect(input[2]).toMatchObject({
      type: 'reasoning',
      encrypted_content: 'sealed',
      summary: [{ text: 'Think.' }],
    })
    const calls = input.filter(({ type }) => type === 'function_call')
    expect(calls.map((call) => [call['call_id'], call['arguments']])).toEqual(
      replayed.map((text, k) => [`c${k + 1}`, text]),
    )
    const outputs = input.filter(({ type }) => type === 'function_call_output')
    expect(outputs.map((output) => output['call_id'])).toEqual(['c1', 'c2', 'c3', 'c4'])
    expect(outputs.map((output) => output['output'])).toEqual([
      results[0],
      expect.stringContaining('not JSON'),
      'plain',
      expect.stringContaining('list'),
    ])
  })
})

describe('files over responses', () => {
  const file = (mediaType: string, data: string): ModelRequest => ({
    messages: [{ role: 'user', content: [{ type: 'file', mediaType, data, name: 'n' }] }],
  })

  it('go as what they are: a document by its bytes or its URL', async () => {
    expect((await bodyOf('responses', file('text/csv', 'YSxi'))).input[0]).toMatchObject({
      content: [{ type: 'input_file', filename: 'n', file_data: 'data:text/csv;base64,YSxi' }],
    })
    expect(
      (await bodyOf('responses', file('application/pdf', 'https://example.com/a.pdf'))).input[0],
    ).toMatchObject({
      content: [{ type: 'input_file', file_url: 'https://example.com/a.pdf' }],
    })
  })

  it('are refused by name before any I/O when they are sound', async () => {
    const { model, server } = await subjects.responses(finish)
    expect((await failureOf(model, file('audio/wav', 'UklGRg=='))).error).toMatchObject({
      code: 'model/bad-request',
      message: expect.stringContaining('audio/wav'),
    })
    expect(server.requests).toHaveLength(0)
  })
})

describe.each(['responses', 'chat'] as const)('options over %s', (api) => {
  it('of a request go before those of the model', async () => {
    const request = {
      ...hello,
      providerOptions: { openai: { serviceTier: 'flex', user: 'u2' }, other: { x: 1 } },
    }
    const body = await bodyOf(api, request, {
      providerOptions: { parallelToolCalls: false, user: 'u1' },
      organization: 'org',
      project: 'proj',
    })
    expect(body).toMatchObject({ parallel_tool_calls: false, user: 'u2' })
    expect(body).not.toHaveProperty('other')
  })

  it('send organization, project and headers', async () => {
    const server = await startProtocolServer([finish])
    try {
      const options = { organization: 'org-1', project: 'proj-1', headers: { 'x-team': 'blue' } }
      await collect(openai('gpt-4.1', { apiKey: 'k', baseURL: server.baseURL, api, ...options }))
      expect(server.requests[0]?.headers).toMatchObject({
        authorization: 'Bearer k',
        'openai-organization': 'org-1',
        'openai-project': 'proj-1',
        'x-team': 'blue',
      })
    } finally {
      await server.close()
    }
  })

  it('asks for strict JSON only when the schema allows it', async () => {
    const strictOf = async (schema: ModelRequest['output']): Promise<unknown> => {
      const body = await bodyOf(api, { ...hello, ...(schema && { output: schema }) })
      return api === 'chat' ? body.response_format.json_schema.strict : body.text.format.strict
    }
    expect(await strictOf({ schema: parameters })).toBe(true)
    expect(await strictOf({ schema: { ...parameters, required: [] } })).toBe(false)
    const open = {
      type: 'object',
      properties: { a: { type: 'object' } },
      required: ['a'],
      additionalProperties: false,
    }
    expect(await strictOf({ schema: open })).toBe(false)
  })
})

describe('a request through the AI SDK', () => {
  it('has the form of the specification', async () => {
    const model = new MockLanguageModelV4({
      provider: 'mock',
      doStream: async () => ({
        stream: new ReadableStream({
          start(controller) {
            const count = {
              total: undefined,
              noCache: undefined,
              cacheRead: undefined,
              cacheWrite: undefined,
            }
            const usage = {
              inputTokens: count,
              outputTokens: { total: 0, text: undefined, reasoning: undefined },
            }
            controller.enqueue({ type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage })
            controller.close()
          },
        }),
      }),
    })
    await collect(aiSdkModel(model, { providerOptions: { mock: { a: 1, b: 1 } } }), {
      ...full,
      providerOptions: { mock: { b: 2 } },
    })
    expect(model.doStreamCalls).toHaveLength(1)
    const { abortSignal, ...call } = model.doStreamCalls[0] ?? {}
    expect(abortSignal).toBeInstanceOf(AbortSignal)
    expect(call).toMatchObject({
      temperature: 0.5,
      topP: 0.9,
      maxOutputTokens: 100,
      stopSequences: ['END'],
      seed: 7,
      providerOptions: { mock: { a: 1, b: 2 } },
      toolChoice: { type: 'tool', toolName: 'find' },
      tools: [{ type: 'function', name: 'find', description: 'Finds.', inputSchema: parameters }],
      responseFormat: { type: 'json', name: 'verdict', schema: parameters },
      prompt: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look:' },
            { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'iVBORw0=' } },
            {
              type: 'file',
              mediaType: 'image/png',
              data: { type: 'url', url: new URL('https://example.com/a.png') },
            },
            { type: 'file', mediaType: 'application/pdf', filename: 'a.pdf' },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'Think.', providerOptions: sealed },
            { type: 'text', text: 'I look.' },
            ...replayed.map((text, k) => ({
              type: 'tool-call',
              toolCallId: `c${k + 1}`,
              input: JSON.parse(text),
            })),
          ],
        },
        {
          role: 'tool',
          content: [
            { output: { type: 'json', value: { found: [1, null] } } },
            { output: { type: 'error-text', value: 'not JSON' } },
            { output: { type: 'text', value: 'plain' } },
            { output: { type: 'error-json', value: { why: 'list' } } },
          ],
        },
      ],
    })
  })
})
