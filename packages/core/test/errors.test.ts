import { readdirSync, readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { deserializeError, serializeError } from '../src/errors/serialize.ts'
import { harnessErrorCodes, HarnessError } from '../src/index.ts'
import { PortError } from '../src/ports/index.ts'

const folder = new URL('.', import.meta.url)
const source = new URL('../src/', import.meta.url)

const filesUnder = (root: URL, left: readonly string[] = []): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !left.includes(path))
    .map((path) => readFileSync(new URL(path, root), 'utf8'))

test('every code of the table is thrown by the source [ERR-4]', () => {
  const text = filesUnder(source)
    .filter((file) => !file.includes('export const harnessErrorCodes'))
    .join('\n')
  const unused = Object.keys(harnessErrorCodes).filter((code) => !text.includes(`'${code}'`))
  expect(unused).toEqual([])
})

test('every code of the table is expected by a test [ERR-4]', () => {
  // These two name codes without provoking them.
  const text = filesUnder(folder, ['surface.test.ts', 'errors.test.ts']).join('\n')
  const untested = Object.keys(harnessErrorCodes).filter((code) => !text.includes(`'${code}'`))
  expect(untested).toEqual([])
})

test('every code says in a sentence what happened or what to do', () => {
  for (const text of Object.values(harnessErrorCodes)) expect(text).toMatch(/^[A-Z`].*\.$/)
})

test('identity survives two copies of the package [ERR-3]', async () => {
  vi.resetModules()
  const copy = (await import('../src/index.ts')) as unknown as { HarnessError: typeof HarnessError }
  expect(copy.HarnessError).not.toBe(HarnessError)
  const error = new copy.HarnessError({ code: 'run/conflict', message: 'x' })
  expect(error).not.toBeInstanceOf(HarnessError)
  expect(HarnessError.is(error)).toBe(true)
  expect(HarnessError.is(error, 'run/conflict')).toBe(true)
  expect(HarnessError.is(error, 'run/ended')).toBe(false)
})

test('what is not one of ours is not taken for one', () => {
  for (const value of [null, undefined, 'run/conflict', { code: 'run/conflict' }, new Error('x')])
    expect(HarnessError.is(value)).toBe(false)
  expect(HarnessError.is(new PortError({ code: 'store/io', message: 'x' }), 'store/io')).toBe(true)
})

test('an error says its category and where it is explained [ERR-1]', () => {
  const error = new HarnessError({ code: 'session/busy', message: 'x' })
  expect(error).toMatchObject({
    name: 'HarnessError',
    category: 'session',
    docs: 'docs/reference/errors/session-busy.md',
    retryable: false,
    meta: {},
  })
})

test('an error keeps its cause, and is written as JSON without it and without its stack [ERR-2, ERR-6]', () => {
  const error = new HarnessError({
    code: 'run/ended',
    message: 'Over.',
    meta: { runId: 'r' },
    cause: new Error('secret'),
  })
  expect(error.cause).toMatchObject({ message: 'secret' })
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'HarnessError',
    code: 'run/ended',
    category: 'run',
    message: 'Over.',
    retryable: false,
    meta: { runId: 'r' },
    docs: 'docs/reference/errors/run-ended.md',
  })
})

test('a record holds what is needed to throw an equal error, and no cause [ERR-1, ERR-6]', () => {
  const error = new HarnessError({
    code: 'model/server',
    message: 'x',
    retryable: true,
    meta: { status: 503 },
    cause: new Error('secret'),
  })
  const record = serializeError(error)
  expect(record).toEqual({
    name: 'HarnessError',
    message: 'x',
    code: 'model/server',
    retryable: true,
    meta: { status: 503 },
  })
  expect(deserializeError(record)).toMatchObject({ ...record })
})

test('anything that is thrown becomes a record that can be stored', () => {
  class Odd extends Error {
    override name = 'Odd\ud800'
  }
  expect(serializeError(new Odd('\udfff'))).toEqual({ name: 'Odd\ufffd', message: '\ufffd' })
  expect(serializeError('text')).toMatchObject({
    code: 'step/failed',
    message: expect.stringContaining('text'),
  })
  expect(
    serializeError({
      toString: () => {
        throw new Error('no')
      },
    }),
  ).toMatchObject({ code: 'step/failed' })
  expect(serializeError(new Error('x'.repeat(10_000))).message).toHaveLength(8_193)
  const meta = { count: 1n, cycle: undefined as unknown }
  meta.cycle = meta
  expect(serializeError(new PortError({ code: 'store/io', message: 'x', meta: meta as never }))).toEqual({
    name: 'PortError',
    message: 'x',
    code: 'store/io',
  })
  expect(
    serializeError(new PortError({ code: 'store/io', message: 'x', meta: { a: '\ud800', b: Number.NaN } })),
  ).toMatchObject({ meta: { a: '\ufffd', b: null } })
})
