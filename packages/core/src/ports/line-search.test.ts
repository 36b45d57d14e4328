import { describe, expect, test } from 'vitest'
import { nodePlatform } from '../platform/node-platform.ts'
import { searchLines, type LineSearch, type SearchedFile } from './index.ts'

const { timer } = nodePlatform()
const encode = (text: string) => new TextEncoder().encode(text)

async function* filesOf(...texts: (string | Uint8Array | undefined)[]): AsyncIterable<SearchedFile> {
  for (const [index, text] of texts.entries()) {
    const path = `/workspace/${index}`
    yield text === undefined ? { path } : { path, bytes: typeof text === 'string' ? encode(text) : text }
  }
}

async function linesOf(search: Omit<LineSearch, 'timer'>, ...texts: (string | Uint8Array | undefined)[]) {
  const { matches, truncated } = await searchLines({ timer, ...search }, filesOf(...texts))
  return [
    ...matches.map(({ path, line, text }) => `${path.slice(11)}:${line}:${text}`),
    ...(truncated ? ['…'] : []),
  ]
}

describe('searchLines', () => {
  test('gives lines by file and line, without their ends', async () => {
    const texts = ['one\ntwo\r\nthree', '', 'two\n\n', 'x\u2028two\n']
    expect(await linesOf({ pattern: '^t|^$' }, ...texts)).toEqual(['0:2:two', '0:3:three', '2:1:two', '2:2:'])
    expect(await linesOf({ pattern: 'TWO', ignoreCase: true }, ...texts)).toEqual([
      '0:2:two',
      '2:1:two',
      '3:1:x\u2028two',
    ])
    expect(await linesOf({ pattern: '^.$' }, '\u{1f600}')).toEqual(['0:1:\u{1f600}'])
  })

  test('says that there is more than its limit, and only then', async () => {
    expect(await linesOf({ pattern: 'a', limit: 2 }, 'a\na', 'b')).toEqual(['0:1:a', '0:2:a'])
    expect(await linesOf({ pattern: 'a', limit: 2 }, 'a\na\na')).toEqual(['0:1:a', '0:2:a', '…'])
    expect(await linesOf({ pattern: 'a', limit: 2 }, 'a', 'a', 'a')).toEqual(['0:1:a', '1:1:a', '…'])
  })

  test('leaves out what is binary in silence, and what is too large with a word', async () => {
    const late = new Uint8Array(9_000).fill(0x61)
    late[8_192] = 0
    const early = late.slice()
    early[8_191] = 0
    expect(await linesOf({ pattern: 'a' }, early, 'a')).toEqual(['1:1:a'])
    expect(await linesOf({ pattern: '^a{8192}' }, late)).toHaveLength(1)
    expect(await linesOf({ pattern: 'a' }, undefined, 'a')).toEqual(['1:1:a', '…'])
    expect(await linesOf({ pattern: 'a' }, new Uint8Array(10_485_761).fill(0x61), 'a')).toEqual([
      '1:1:a',
      '…',
    ])
  })

  test('stops reading at 268,435,456 bytes', async () => {
    const bytes = new Uint8Array(10_485_760)
    let asked = 0
    let isClosed = false
    async function* endless(): AsyncIterable<SearchedFile> {
      try {
        for (;;) {
          asked += 1
          yield { path: `/workspace/${asked}`, bytes }
        }
      } finally {
        isClosed = true
      }
    }
    const { truncated } = await searchLines({ pattern: 'a', timer }, endless())
    expect({ truncated, asked, isClosed }).toEqual({ truncated: true, asked: 26, isClosed: true })
  })

  test('cuts long lines at 1,000 units, and no character in half', async () => {
    const [line] = await linesOf({ pattern: 'a' }, 'a'.repeat(3_000))
    expect(line).toBe(`0:1:${'a'.repeat(1_000)}`)
    const [other] = await linesOf({ pattern: 'a' }, `a${'\u{1f600}'.repeat(600)}`)
    expect(other).toBe(`0:1:a${'\u{1f600}'.repeat(499)}`)
  })

  test('keeps the order over many files and several batches', async () => {
    const count = 1_500
    async function* many(): AsyncIterable<SearchedFile> {
      for (let index = 0; index < count; index += 1) {
        yield {
          path: `/workspace/${String(index).padStart(5, '0')}`,
          bytes: encode(index % 2 === 0 ? 'hit' : 'miss'),
        }
      }
    }
    const { matches } = await searchLines({ pattern: 'hit', limit: 10_000, timer }, many())
    expect(matches).toHaveLength(count / 2)
    expect(matches.map(({ path }) => path)).toEqual(matches.map(({ path }) => path).toSorted())
  })

  test('an expression that backtracks without end is ended, and the process goes on meanwhile', async () => {
    let turns = 0
    const turning = setInterval(() => (turns += 1), 5)
    const search = linesOf({ pattern: '^(a+)+$', timeoutMs: 300 }, `${'a'.repeat(60)}!`)
    await expect(search).rejects.toMatchObject({
      code: 'sandbox/limit',
      meta: { reason: 'time', timeoutMs: 300 },
    })
    clearInterval(turning)
    expect(turns).toBeGreaterThan(10)
  })

  test('an abort ends it with its reason, also while an expression runs or files do not come', async () => {
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await expect(linesOf({ pattern: 'a', signal: aborted }, 'a')).rejects.toBe(reason)
    const running = new AbortController()
    const search = linesOf({ pattern: '^(a+)+$', signal: running.signal }, `${'a'.repeat(60)}!`)
    timer(100, () => running.abort(reason))
    await expect(search).rejects.toBe(reason)
    const waiting = new AbortController()
    async function* never(): AsyncIterable<SearchedFile> {
      waiting.abort(reason)
      await new Promise(() => undefined)
      yield { path: '/workspace/a' }
    }
    await expect(searchLines({ pattern: 'a', timer, signal: waiting.signal }, never())).rejects.toBe(reason)
  })

  test('what the source throws is thrown', async () => {
    async function* failing(): AsyncIterable<SearchedFile> {
      yield { path: '/workspace/a', bytes: encode('a') }
      throw new Error('no such file')
    }
    await expect(searchLines({ pattern: 'a', timer }, failing())).rejects.toThrow('no such file')
  })

  test('an expression that is none, and options out of range, are misuse', async () => {
    for (const pattern of ['(', '\\-', '', 'a'.repeat(1_001)]) {
      await expect(linesOf({ pattern }, 'a')).rejects.toThrow(TypeError)
    }
    for (const options of [{ limit: 0 }, { limit: 10_001 }, { timeoutMs: 0 }, { timeoutMs: 60_001 }]) {
      await expect(linesOf({ pattern: 'a', ...options }, 'a')).rejects.toThrow(TypeError)
    }
  })
})
