import { expect, test } from 'vitest'
import { Cancellation } from './signal.ts'

/** Children that note the order in which they are aborted. */
function family(names: string): {
  parent: Cancellation
  children: Map<string, Cancellation>
  heard: string[]
} {
  const parent = new Cancellation()
  const heard: string[] = []
  const children = new Map<string, Cancellation>()
  for (const name of names) {
    const child = new Cancellation(parent)
    child.onAbort(() => heard.push(name))
    children.set(name, child)
  }
  return { parent, children, heard }
}

test('children are aborted in the order of their coming', () => {
  const { parent, heard } = family('abc')
  parent.abort(new Error('over'))
  expect(heard).toEqual(['a', 'b', 'c'])
  expect(parent.idle).toBe(true)
})

test.each(['a', 'b', 'c', 'ab', 'ac', 'bc', 'abc'])('children that left (%s) are not aborted', (left) => {
  const { parent, children, heard } = family('abc')
  for (const name of left) children.get(name)?.dispose()
  new Cancellation(parent).onAbort(() => heard.push('d'))
  parent.abort(new Error('over'))
  expect(heard.join('')).toBe('abcd'.replace(new RegExp(`[${left}]`, 'g'), ''))
})

test('a parent is idle once its last child has left', () => {
  const { parent, children } = family('ab')
  children.get('b')?.dispose()
  expect(parent.idle).toBe(false)
  children.get('a')?.dispose()
  children.get('a')?.dispose()
  expect(parent.idle).toBe(true)
})

test('a child whose abort aborts its parent is aborted once, and its sisters after it', () => {
  const { parent, children, heard } = family('abc')
  const reason = new Error('of the child')
  children.get('b')?.onAbort(() => parent.abort(reason))
  children.get('b')?.abort(reason)
  expect(heard).toEqual(['b', 'a', 'c'])
  expect(children.get('c')?.reason).toBe(reason)
})

test('a child that comes while a sister is being aborted is aborted at once, and the others after it', () => {
  const { parent, children, heard } = family('abc')
  children.get('a')?.onAbort(() => new Cancellation(parent).onAbort(() => heard.push('late')))
  parent.abort(new Error('over'))
  expect(heard).toEqual(['a', 'late', 'b', 'c'])
  expect(parent.idle).toBe(true)
})

test('a child that comes while its parent is being aborted is aborted at once', () => {
  const { parent, heard } = family('a')
  parent.onAbort((reason) => {
    const late = new Cancellation(parent)
    late.onAbort((why) => heard.push(why === reason ? 'late' : 'other'))
  })
  parent.abort(new Error('over'))
  expect(heard).toEqual(['a', 'late'])
})
