import assert from 'node:assert/strict'
import type { ModelRequest } from '@belay/core/ports'
import { textTurn, toolCallTurn } from '../model/script-turns.ts'
import { collectFinished, requestOf } from './model-case.ts'
import type { ModelCase } from './model-case.ts'

const needs = ['model.tools'] as const
const lookup = {
  name: 'lookup_canary',
  description: 'description-canary',
  parameters: { type: 'object', properties: { email: { type: 'string' } }, required: ['email'] },
}
const request: ModelRequest = requestOf('look it up', { tools: [lookup] })
/** Spaces, escapes and order that a parse and a stringify would lose. */
const verbatim = '{ "email" : "a\\u0062@x",\n  "z": 1.0, "a": [ ] }'

/** Tool calls. */
export const modelToolCases: readonly ModelCase[] = [
  {
    title: 'tools: a call comes whole, before the finish, with its arguments as the model wrote them',
    needs,
    script: [
      {
        answer: [
          { do: 'tool-call', callId: 'call-7', name: lookup.name, arguments: verbatim, pieces: 6 },
          { do: 'finish', reason: 'tool_calls' },
        ],
      },
    ],
    run: async ({ model }) => {
      const { calls, parts, finish } = await collectFinished(model, request)
      assert.equal(calls.length, 1)
      const [call] = calls
      assert.deepEqual([call?.callId, call?.name, call?.arguments], ['call-7', lookup.name, verbatim])
      assert.equal(
        parts.findIndex((part) => part.type === 'tool-call'),
        parts.length - 2,
      )
      assert.equal(finish.reason, 'tool_calls')
    },
  },
  {
    title: 'tools: arguments that are not JSON are passed on as they came',
    needs,
    script: [toolCallTurn([{ name: lookup.name, arguments: '{"email": "a@x' }])],
    run: async ({ model }) => {
      const { calls } = await collectFinished(model, request)
      assert.deepEqual(
        calls.map((call) => call.arguments),
        ['{"email": "a@x'],
      )
    },
  },
  {
    title: 'tools: several calls keep their order and their arguments',
    needs,
    script: [
      {
        answer: [
          ...[0, 1, 2].map((index) => ({
            do: 'tool-call' as const,
            callId: `call-${index}`,
            name: lookup.name,
            arguments: `{"email":"${index}@x"}`,
            pieces: 3,
          })),
          { do: 'finish', reason: 'tool_calls' },
        ],
      },
    ],
    run: async ({ model }) => {
      const { calls } = await collectFinished(model, request)
      assert.deepEqual(
        calls.map((call) => [call.callId, call.arguments]),
        [0, 1, 2].map((index) => [`call-${index}`, `{"email":"${index}@x"}`]),
      )
    },
  },
  {
    title: 'tools: two calls with one id are passed on as they came',
    needs,
    script: [
      toolCallTurn([
        { callId: 'twin', name: lookup.name, arguments: '{"email":"1@x"}' },
        { callId: 'twin', name: lookup.name, arguments: '{"email":"2@x"}' },
      ]),
    ],
    run: async ({ model }) => {
      const { calls } = await collectFinished(model, request)
      assert.deepEqual(
        calls.map((call) => [call.callId, call.arguments]),
        [
          ['twin', '{"email":"1@x"}'],
          ['twin', '{"email":"2@x"}'],
        ],
      )
    },
  },
  {
    title: 'tools: text and a call in one answer both come',
    needs,
    script: [
      {
        answer: [
          { do: 'text', text: 'Let me look.' },
          { do: 'tool-call', callId: 'c', name: lookup.name, arguments: '{"email":"a@x"}' },
          { do: 'finish', reason: 'tool_calls' },
        ],
      },
    ],
    run: async ({ model }) => {
      const { text, calls } = await collectFinished(model, request)
      assert.equal(text, 'Let me look.')
      assert.equal(calls.length, 1)
    },
  },
  {
    title: 'tools: a call is passed on, never executed, and no second request is made for it',
    needs,
    script: [toolCallTurn([{ name: lookup.name, arguments: { email: 'a@x' } }]), textTurn('a second answer')],
    run: async ({ model, received }) => {
      const { text, calls } = await collectFinished(model, request)
      assert.equal(calls.length, 1)
      assert.equal(text, '')
      assert.equal(received().length, 1)
    },
  },
  {
    title: 'tools: the request carries the tools, earlier calls and their results',
    needs,
    script: [textTurn('done')],
    run: async ({ model, received }) => {
      const name = lookup.name
      await collectFinished(model, {
        tools: [lookup],
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'look it up' }] },
          {
            role: 'assistant',
            content: [{ type: 'tool-call', callId: 'id-canary', name, arguments: '{"email":"args-canary"}' }],
          },
          {
            role: 'tool',
            content: [
              {
                type: 'tool-result',
                callId: 'id-canary',
                name,
                output: { plan: 'result-canary' },
                isError: false,
              },
            ],
          },
        ],
      })
      const body = received()[0] ?? ''
      for (const canary of [name, 'description-canary', 'id-canary', 'args-canary', 'result-canary']) {
        assert.ok(body.includes(canary), canary)
      }
    },
  },
]
