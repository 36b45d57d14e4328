import { describe, expect, test } from 'vitest'
import { assembleToolCalls, malformedAnswer, normalizeUsage, type ToolCallDelta } from './index.ts'

function callsOf(...deltas: readonly Partial<ToolCallDelta>[]) {
  let made = 0
  const assembly = assembleToolCalls(() => `made-${++made}`)
  for (const delta of deltas) assembly.push({ arguments: '', ...delta })
  return assembly.calls().map(({ callId, name, arguments: text }) => [callId, name, text])
}

describe('what ports give to model adapters', () => {
  test('usage keeps the counts that are counts [MOD-20]', () => {
    expect(
      normalizeUsage({ inputTokens: 3, cachedInputTokens: 0, outputTokens: '7', reasoningTokens: -1 }),
    ).toEqual({ inputTokens: 3, cachedInputTokens: 0 })
    expect(normalizeUsage({ inputTokens: 1.5, outputTokens: undefined })).toEqual({})
  })

  test.each([
    [
      'pieces by index',
      [
        { index: 0, id: 'a', name: 'f' },
        { index: 1, id: 'b', name: 'g' },
        { index: 0, arguments: '{' },
        { index: 1, arguments: '[]' },
        { index: 0, arguments: '}' },
      ],
      [
        ['a', 'f', '{}'],
        ['b', 'g', '[]'],
      ],
    ],
    [
      'pieces without index and id',
      [{ id: 'a', name: 'f', arguments: '{' }, { arguments: '}' }],
      [['a', 'f', '{}']],
    ],
    [
      'id and name on every piece',
      [
        { index: 0, id: 'a', name: 'f', arguments: '{"x' },
        { index: 0, id: 'a', name: 'f', arguments: '":1}' },
      ],
      [['a', 'f', '{"x":1}']],
    ],
    [
      'whole calls, all of index 0',
      [
        { index: 0, name: 'f', arguments: '{}' },
        { index: 0, name: 'f', arguments: '{}' },
      ],
      [
        ['made-1', 'f', '{}'],
        ['made-2', 'f', '{}'],
      ],
    ],
    [
      'twin ids of two indexes',
      [
        { index: 0, id: 'a', name: 'f', arguments: '{}' },
        { index: 1, id: 'a', name: 'f', arguments: '{}' },
      ],
      [
        ['a', 'f', '{}'],
        ['a', 'f', '{}'],
      ],
    ],
    ['a call without arguments', [{ id: 'a', name: 'f' }], [['a', 'f', '']]],
    ['text that is not JSON', [{ id: 'a', name: 'f', arguments: '{"q": oops' }], [['a', 'f', '{"q": oops']]],
  ] as const)('calls are whole: %s [MOD-20]', (_title, deltas, calls) => {
    expect(callsOf(...deltas)).toEqual(calls)
  })

  test('a call without a name is model/malformed [MOD-20]', () => {
    expect(() => callsOf({ id: 'a', arguments: '{}' })).toThrow(
      malformedAnswer('a tool call has no name').message,
    )
    expect(malformedAnswer('x')).toMatchObject({ code: 'model/malformed', retryable: false })
  })
})
