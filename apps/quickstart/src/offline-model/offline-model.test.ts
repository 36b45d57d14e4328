import type { JsonObject, Message, ModelRequest } from '@belay/core/ports'
import { describe, expect, test } from 'vitest'
import { extractiveMind } from './extractive-mind.ts'
import { offlineModel } from './offline-model.ts'
import { passagesOf, readable } from './text/passages.ts'
import { queryOf, rank } from './text/ranking.ts'
import { stem, stemsOf } from './text/words.ts'

function request(field: string, text: string, rest: Partial<ModelRequest> = {}): ModelRequest {
  const schema = { type: 'object', properties: { [field]: {} } }
  return { messages: [{ role: 'user', content: [{ type: 'text', text }] }], output: { schema }, ...rest }
}

function answer(asked: ModelRequest): JsonObject {
  const thought = extractiveMind(asked)
  if (!('text' in thought)) throw new Error('It asked for tools')
  return JSON.parse(thought.text) as JsonObject
}

function numbered(text: string, from = 1) {
  return text.split('\n').map((line, index) => ({ line: from + index, text: line }))
}

describe('words', () => {
  test.each([
    ['running', 'run'],
    ['killed', 'kill'],
    ['processes', 'process'],
    ['process', 'process'],
    ['recorded', 'record'],
    ['resume', 'resum'],
    ['resumed', 'resum'],
    ['ships', 'ship'],
    ['fog', 'fog'],
  ])('%s → %s', (word, expected) => expect(stem(word)).toBe(expected))

  test('words without a subject are left out', () => {
    expect(stemsOf('What does the harbour do, and who is it for?')).toEqual(['harbour'])
  })
})

describe('passages', () => {
  test('sentences over line ends keep the line in which they begin', () => {
    const passages = passagesOf(numbered('# T\n\nOne is here. Two begins\nand ends. Three\nis last.', 7))
    expect(passages.map(({ line, quote, heading }) => [line, quote, heading])).toEqual([
      [9, 'One is here.', 'T'],
      [9, 'Two begins and ends.', 'T'],
      [10, 'Three is last.', 'T'],
    ])
  })

  test('list items and rows stand alone, code and table rules are left out', () => {
    const passages = passagesOf(
      numbered('- a b\n  c\n- d\n\n```\ncode.\n```\n| x | y |\n| - | - |\n| 1 | 2 |'),
    )
    expect(passages.map(({ quote }) => quote)).toEqual(['- a b c', '- d', '| x | y |', '| 1 | 2 |'])
  })

  test('abbreviations end no sentence', () => {
    expect(passagesOf(numbered('Use a lamp, e.g. The green one, at night. Then go.'))).toHaveLength(2)
  })

  test.each([
    ['- **Fog** is [thick](x.md)', 'Fog is thick'],
    ['| salt | three coins | dear |', 'salt: three coins; dear'],
    ['2. It is `a_b_c` here', 'It is `a_b_c` here'],
  ])('%j reads %j', (quote, expected) => expect(readable(quote)).toBe(expected))
})

describe('ranking', () => {
  const items = [
    'Fog hides the pier.',
    'The horn warns ships of fog.',
    'Rope costs a coin.',
    'Ships and ships and ships.',
  ]
  const query = queryOf([{ text: 'Who warns ships of fog?', weight: 1 }])

  test('what has more and rarer words comes first; what has none scores nothing', () => {
    const ranked = rank(
      items.map((text) => ({ text })),
      query,
    )
    expect(ranked[0]?.item.text).toBe('The horn warns ships of fog.')
    expect(ranked.at(-1)).toMatchObject({ item: { text: 'Rope costs a coin.' }, score: 0 })
  })

  test('it is deterministic, and equal scores keep their order', () => {
    const twins = [{ text: 'fog one' }, { text: 'fog two' }, { text: 'fog three' }]
    const first = rank(twins, query)
    expect(first.map(({ item }) => item.text)).toEqual(['fog one', 'fog two', 'fog three'])
    expect(rank(twins, query)).toEqual(first)
    expect(rank([], query)).toEqual([])
  })
})

describe('planner', () => {
  const listed = '\n\nDocuments:\n- fog.md (9 lines): Fog; Lamps\n- lock.md (5 lines): The lock at night'

  test('splits a question at its joints and adds near subjects', () => {
    const plan = answer(
      request('questions', `Question: How are ships warned of fog, and who opens the lock?${listed}`),
    )
    expect(plan['questions']).toEqual([
      'How are ships warned of fog?',
      'Who opens the lock?',
      'What do the documents say about "Fog"?',
      'What do the documents say about "The lock at night"?',
    ])
  })

  test.each(['Fog?', 'a', '???', 'fog; lock; rope; salt; lamp; horn; toll; keeper'])(
    '%j gives 3 to 6',
    (question) => {
      const { questions } = answer(request('questions', `Question: ${question}${listed}`))
      expect(questions).toSatisfy((list: readonly string[]) => list.length >= 3 && list.length <= 6)
      expect(new Set(questions as readonly string[]).size).toBe((questions as readonly string[]).length)
    },
  )
})

describe('reader', () => {
  const text = 'Question: Who opens the lock at night?\nSub-question 1: Who opens the lock?'
  const tools = ['grep', 'read'].map((name) => ({ name, description: '', parameters: {} }))

  function answered(name: string, output: string, index: number, values: JsonObject = {}): Message[] {
    const callId = `call_${index}`
    return [
      {
        role: 'assistant',
        content: [{ type: 'tool-call', callId, name, arguments: JSON.stringify(values) }],
      },
      { role: 'tool', content: [{ type: 'tool-result', callId, name, output, isError: false }] },
    ]
  }
  const found = answered('grep', '/workspace/l.md:12: The keeper opens the lock.', 1)
  const read = answered(
    'read',
    '11\tRope costs one coin in the harbour.\n12\tThe keeper opens the lock when ships call at night.',
    2,
    { path: '/workspace/l.md' },
  )
  const conversation = (...more: Message[]): ModelRequest => {
    const asked = request('findings', text, { tools })
    return { ...asked, messages: [...asked.messages, ...more] }
  }

  test('searches, reads around what it found, and quotes', () => {
    expect(extractiveMind(conversation())).toMatchObject({
      calls: [{ name: 'grep', arguments: { pattern: 'open', ignoreCase: true } }, {}, {}, {}],
    })
    expect(extractiveMind(conversation(...found))).toEqual({
      calls: [{ name: 'read', arguments: { path: '/workspace/l.md', offset: 2, limit: 29 } }],
    })
    expect(answer(conversation(...found, ...read))).toEqual({
      findings: [
        {
          claim: 'The keeper opens the lock when ships call at night.',
          file: 'l.md',
          line: 12,
          quote: 'The keeper opens the lock when ships call at night.',
        },
      ],
    })
  })

  test('answers nothing when nothing was found, or without tools', () => {
    expect(answer(conversation(...answered('grep', '[nothing matches]', 1)))).toEqual({ findings: [] })
    expect(answer(request('findings', text))).toEqual({ findings: [] })
  })
})

test('the writer says so when there is nothing to write', () => {
  expect(answer(request('sections', 'Question: Why?\n\nFindings:\n[]'))).toEqual({
    title: 'Why',
    summary: 'The documents do not answer this question.',
    sections: [],
  })
})

test('ids of calls go on through a conversation', async () => {
  const mind = () => ({
    calls: [
      { name: 'a', arguments: {} },
      { name: 'b', arguments: {} },
    ],
  })
  const result: Message = {
    role: 'tool',
    content: [{ type: 'tool-result', callId: 'call_1', name: 'a', output: 1, isError: false }],
  }
  const parts = await Array.fromAsync(
    offlineModel(mind).generate({ messages: [result] }, { signal: new AbortController().signal }),
  )
  expect(parts).toMatchObject([
    { callId: 'call_2' },
    { callId: 'call_3' },
    { type: 'finish', reason: 'tool_calls' },
  ])
})
