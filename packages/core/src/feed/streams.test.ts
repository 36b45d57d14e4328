import { expect, test } from 'vitest'
import { runStream } from './streams.ts'

test('what is no text is refused each time and never takes the name of another', () => {
  expect(runStream('a')).toBe('run/a')
  const bad = Symbol('s') as unknown as string
  expect(() => runStream(bad)).toThrow(TypeError)
  expect(() => runStream(bad)).toThrow(TypeError)
  expect(runStream('a')).toBe('run/a')
  expect(runStream('b')).toBe('run/b')
})
