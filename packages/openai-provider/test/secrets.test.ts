import { Buffer } from 'node:buffer'
import { inspect } from 'node:util'
import type { ModelRequest } from '@belay/core/ports'
import { afterEach, describe, expect, it } from 'vitest'
import { openai } from '../src/index.ts'
import { startProtocolServer, type ProtocolServer, type ServerTurn } from './protocol-server.ts'
import { failureOf } from './request.ts'

const key = 'sk-canary-KeyOfTheTest-0123456789abcdef'
const oddKey = 'canary+odd/key=with:marks'
const canaries = {
  system: 'SYSTEM-canary: the harbour code is 4711',
  prompt: 'PROMPT-canary, my mother was born in Novosibirsk',
  short: 'zq7hunter',
  tool: 'TOOL-canary balance of account 99-88',
  argument: 'ARGUMENT-canary-passport',
  answer: 'ANSWER-canary: the treaty is void',
}

const request: ModelRequest = {
  messages: [
    { role: 'system', content: canaries.system },
    {
      role: 'user',
      content: [
        { type: 'text', text: canaries.prompt },
        { type: 'text', text: canaries.short },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'tool-call', callId: 'c', name: 'find', arguments: JSON.stringify({ q: canaries.argument }) },
      ],
    },
    {
      role: 'tool',
      content: [
        { type: 'tool-result', callId: 'c', name: 'find', output: { text: canaries.tool }, isError: false },
      ],
    },
  ],
}

/** Every form in which a value could be written down. */
function formsOf(value: string): readonly string[] {
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + value)
      .toString('base64')
      .slice(4, -4),
  )
  return [
    value,
    encodeURIComponent(value),
    ...base64,
    Buffer.from(value).toString('base64url').slice(4, -4),
    Buffer.from(value).toString('hex'),
  ]
}

/** Everything that a log could print of an error, non-enumerable properties and causes included. */
function everythingIn(error: unknown): string {
  const hidden: string[] = []
  for (let at = error; at instanceof Object; at = (at as { cause?: unknown }).cause) {
    for (const name of Reflect.ownKeys(at))
      hidden.push(String(name), inspect(Reflect.get(at, name), { depth: Infinity, showHidden: true }))
  }
  return [
    JSON.stringify(error),
    inspect(error, { depth: Infinity, showHidden: true, getters: true }),
    String(error),
    ...hidden,
  ].join('\n')
}

const servers: ProtocolServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function failing(api: 'responses' | 'chat', apiKey: string, turn: ServerTurn): Promise<unknown> {
  const server = await startProtocolServer([turn])
  servers.push(server)
  const headers = { 'x-team-token': 'team-canary-token' }
  const { error } = await failureOf(
    openai('test-model', { apiKey, api, baseURL: server.baseURL, headers }),
    request,
  )
  const sent = server.requests[0]
  // The canaries did travel, so their absence below means something.
  for (const canary of [canaries.prompt, canaries.tool, canaries.argument])
    expect(sent?.body).toContain(canary)
  expect(sent?.headers.authorization).toBe(`Bearer ${apiKey}`)
  return error
}

const secret = [...Object.values(canaries), 'team-canary-token']

const echoes: readonly (readonly [string, (value: string) => string])[] = [
  ['as it is', (value) => value],
  ['in a sentence', (value) => `Incorrect value provided: ${value}. See the manual.`],
  ['as a header', (value) => `Authorization: Bearer ${value}`],
  ['as base64', (value) => `got ${Buffer.from(value).toString('base64')} there`],
  [
    'as base64 within more',
    (value) => `got ${Buffer.from(`x-key ${value} and more`).toString('base64')} there`,
  ],
  ['percent-encoded', (value) => `GET /v1?key=${encodeURIComponent(value)} failed`],
  ['as hex', (value) => `got ${Buffer.from(value).toString('hex')} there`],
  ['as JSON in JSON', (value) => JSON.stringify(JSON.stringify({ value }))],
]

describe.each(['responses', 'chat'] as const)('over %s', (api) => {
  describe.each([key, oddKey])('with the key %s', (apiKey) => {
    it.each(echoes)(
      'an HTTP error that echoes everything %s holds nothing of it [MOD-25]',
      async (_, echo) => {
        for (const value of [...secret, apiKey]) {
          const body = JSON.stringify({
            error: { message: echo(value), code: value, type: echo(value), param: value },
          })
          const headers = {
            'x-request-id': encodeURIComponent(value),
            'x-ratelimit-limit-requests': encodeURIComponent(value),
          }
          const text = everythingIn(await failing(api, apiKey, { refuse: { status: 400, headers }, body }))
          // A short word in an encoding of its own has no looks; only its plain form can be known.
          const forms = value === canaries.short ? [value] : formsOf(value)
          for (const form of forms) expect(text).not.toContain(form)
        }
      },
    )
  })

  it('an error in the stream holds nothing of the answer either [MOD-25]', async () => {
    const error = {
      type: 'error',
      sequence_number: 5,
      code: 'server_error',
      message: `Bad output: ${canaries.answer} / ${canaries.prompt}`,
    }
    const text = everythingIn(
      await failing(api, key, {
        answer: [
          { do: 'text', text: canaries.answer.slice(0, 20) },
          { do: 'text', text: canaries.answer.slice(20) },
          {
            do: 'raw',
            text:
              api === 'responses'
                ? `data: ${JSON.stringify(error)}\n\n`
                : `data: ${JSON.stringify({ error })}\n\n`,
          },
        ],
      }),
    )
    for (const value of [canaries.answer, canaries.prompt, 'treaty', 'Novosibirsk'])
      expect(text).not.toContain(value)
    expect(text).toContain('Bad output')
  })

  it('a malformed chunk is not quoted', async () => {
    const text = everythingIn(
      await failing(api, key, { answer: [{ do: 'raw', text: `data: {"${canaries.answer}\n\n` }] }),
    )
    expect(text).not.toContain('ANSWER-canary')
  })

  it('keeps the harmless rest of a message, up to 300 characters', async () => {
    const message = `The model gpt-5-mini-2025-08-07 does not exist. ${'More words follow. '.repeat(40)}`
    const error = await failing(api, key, { refuse: { status: 404, message } })
    const said = (error as { meta: { providerMessage: string } }).meta.providerMessage
    expect(said).toMatch(/^The model gpt-5-mini-2025-08-07 does not exist\. More words/)
    expect(said).toHaveLength(300)
  })
})
