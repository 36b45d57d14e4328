import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { windowOf } from '../history/window.ts'
import type { Json, Message } from '../ports/index.ts'
import { longResultBytes, projectMessages, projectRequest } from './projection.ts'

const bytesOf = (value: Json): number =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)).length

const resultOf = (output: Json, name = 't'): readonly Message[] => [
  { role: 'assistant', content: [{ type: 'tool-call', callId: 'c', name, arguments: '{}' }] },
  { role: 'tool', content: [{ type: 'tool-result', callId: 'c', name, output, isError: false }] },
]

const outputOf = (messages: readonly Message[]): Json => {
  const last = messages.at(-1)
  return last?.role === 'tool' ? (last.content[0]?.output ?? null) : null
}

describe('the projection of a conversation that does not fit', () => {
  test('keeps head and tail of a long result and says how much is left out [AGT-14]', () => {
    const output = outputOf(projectMessages(resultOf(`${'a'.repeat(50_000)}${'z'.repeat(50_000)}`)))
    expect(output).toBe(`${'a'.repeat(2_600)}\n[… 96100 bytes left out …]\n${'z'.repeat(1_300)}`)
  })

  test('keeps what is short, and says that nothing changed', () => {
    const messages = resultOf('x'.repeat(longResultBytes))
    expect(projectMessages(messages)).toBe(messages)
    expect(projectRequest({ messages })).toBeUndefined()
    expect(projectMessages(resultOf('x'.repeat(longResultBytes + 1)))).not.toEqual(
      resultOf('x'.repeat(longResultBytes + 1)),
    )
  })

  test('cuts between characters, whatever their length in bytes [AGT-15]', () => {
    for (const character of ['é', '€', '🧗']) {
      for (let shift = 0; shift < 4; shift++) {
        const output = outputOf(projectMessages(resultOf('x'.repeat(shift) + character.repeat(9_000))))
        expect(output).not.toContain('\ufffd')
        expect((output as string).isWellFormed()).toBe(true)
      }
    }
  })

  test('cuts the text of a result that is JSON, and keeps read_skill whole [AGT-15]', () => {
    const list = Array.from({ length: 5_000 }, (_, n) => n)
    expect(outputOf(projectMessages(resultOf(list)))).toMatch(/^\[0,1,2,.*4999\]$/s)
    const skill = resultOf('x'.repeat(100_000), 'read_skill')
    expect(projectMessages(skill)).toBe(skill)
  })
})

const callId = fc.constantFrom('a', 'b', 'c')
const name = fc.constantFrom('t', 'read_skill')
const long = fc
  .record({
    piece: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
    times: fc.integer({ min: 0, max: 9_000 }),
  })
  .map(({ piece, times }) => piece.repeat(times))
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ role: fc.constant('system' as const), content: fc.string() }),
  fc.constant<Message>({ role: 'user', content: [{ type: 'text', text: 'x' }] }),
  fc.record({
    role: fc.constant('assistant' as const),
    content: fc.array(
      fc.record({ type: fc.constant('tool-call' as const), callId, name, arguments: fc.constant('{}') }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  fc.record({
    role: fc.constant('tool' as const),
    content: fc.array(
      fc.record({
        type: fc.constant('tool-result' as const),
        callId,
        name,
        output: fc.oneof(long, fc.array(long, { maxLength: 3 })),
        isError: fc.boolean(),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
)

const callsOf = (one: Message | undefined): string[] =>
  one?.role === 'assistant'
    ? one.content.flatMap((part) => (part.type === 'tool-call' ? [part.callId] : []))
    : []
const resultsOf = (one: Message | undefined): string[] =>
  one?.role === 'tool' ? one.content.map((part) => part.callId) : []

test('any history in any window, projected or not, is a valid transcript, and a projection is its own projection [AGT-15]', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.option(fc.nat(12), { nil: undefined }),
      (history, window) => {
        const seen = windowOf(history, window)
        const projected = projectMessages(seen)
        projected.forEach((one, index) => {
          if (one.role === 'tool')
            expect(callsOf(projected[index - 1]).toSorted()).toEqual(resultsOf(one).toSorted())
          if (callsOf(one).length > 0)
            expect(resultsOf(projected[index + 1]).toSorted()).toEqual(callsOf(one).toSorted())
        })
        expect(projectMessages(projected)).toBe(projected)
        expect(projected.length).toBe(seen.length)
        for (const one of projected) {
          if (one.role !== 'tool') continue
          for (const part of one.content) {
            if (part.name !== 'read_skill') expect(bytesOf(part.output)).toBeLessThanOrEqual(longResultBytes)
          }
        }
      },
    ),
  )
})
