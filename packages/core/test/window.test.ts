import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { windowOf } from '../src/history/window.ts'
import type { Message } from '../src/ports/index.ts'

const callId = fc.constantFrom('a', 'b', 'c')
const call = callId.map((id) => ({ type: 'tool-call' as const, callId: id, name: 't', arguments: '{}' }))
const text = fc.constant({ type: 'text' as const, text: 'x' })
const result = callId.map((id) => ({
  type: 'tool-result' as const,
  callId: id,
  name: 't',
  output: null,
  isError: false,
}))

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ role: fc.constant('system' as const), content: fc.string() }),
  fc.record({ role: fc.constant('user' as const), content: fc.array(text, { minLength: 1, maxLength: 1 }) }),
  fc.record({
    role: fc.constant('assistant' as const),
    content: fc.array(fc.oneof(call, text), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    role: fc.constant('tool' as const),
    content: fc.array(result, { minLength: 1, maxLength: 3 }),
  }),
)

const callsOf = (one: Message | undefined): string[] =>
  one?.role === 'assistant'
    ? one.content.flatMap((part) => (part.type === 'tool-call' ? [part.callId] : []))
    : []

const resultsOf = (one: Message | undefined): string[] =>
  one?.role === 'tool' ? one.content.map((part) => part.callId) : []

/** Every call is followed at once by exactly one result, and there is no other result. */
function isValid(messages: readonly Message[]): boolean {
  return messages.every((one, index) => {
    if (one.role === 'tool') return callsOf(messages[index - 1]).length > 0
    const calls = callsOf(one)
    if (calls.length === 0) return true
    const results = resultsOf(messages[index + 1])
    return new Set(calls).size === calls.length && calls.toSorted().join() === results.toSorted().join()
  })
}

const isSubsequence = (part: readonly Message[], whole: readonly Message[]): boolean => {
  let index = 0
  for (const one of whole) if (one === part[index]) index++
  return index === part.length
}

describe('the history window', () => {
  test('gives a valid transcript for any history and any window [SES-15]', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 12 }),
        fc.option(fc.nat({ max: 13 }), { nil: undefined }),
        (messages, window) => {
          const seen = windowOf(messages, window)
          expect(isValid(seen)).toBe(true)
          expect(isSubsequence(seen, messages)).toBe(true)
          const systems = messages.filter((one) => one.role === 'system')
          expect(seen.filter((one) => one.role === 'system')).toEqual(systems)
          if (window !== undefined) expect(seen.length - systems.length).toBeLessThanOrEqual(window)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  const history: Message[] = [
    { role: 'user', content: [{ type: 'text', text: '1' }] },
    { role: 'system', content: 'S' },
    { role: 'assistant', content: [{ type: 'tool-call', callId: 'a', name: 't', arguments: '{}' }] },
    { role: 'tool', content: [{ type: 'tool-result', callId: 'a', name: 't', output: 1, isError: false }] },
    { role: 'assistant', content: [{ type: 'text', text: '2' }] },
  ]

  test('undefined is all messages [SES-13]', () => expect(windowOf(history, undefined)).toEqual(history))
  test('0 is the system messages alone [SES-13]', () => expect(windowOf(history, 0)).toEqual([history[1]]))
  test('N is all system messages and the newest N others in order [SES-13]', () => {
    expect(windowOf(history, 1)).toEqual([history[1], history[4]])
    expect(windowOf(history, 3)).toEqual(history.slice(1))
  })
  test('a result whose call was cut off goes too', () =>
    expect(windowOf(history, 2)).toEqual([history[1], history[4]]))
})
