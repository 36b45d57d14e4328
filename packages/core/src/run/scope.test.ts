import { describe, expect, it } from 'vitest'
import { HarnessError } from '../errors/harness-error.ts'
import { Scope } from './scope.ts'

const root = (): Scope => new Scope({ key: '', depth: 0, metadata: {}, options: {} })
const under = (parent: Scope, key: string): Scope =>
  new Scope({ key, parent, depth: 1, metadata: {}, options: {} })

describe('a key (K1)', () => {
  it('is the path of the scope and the name', () => {
    expect(root().reserve('pay', undefined).key).toBe('pay')
    expect(under(root(), 'draft/3').reserve('pay', undefined).key).toBe('draft/3/pay')
  })

  it('is numbered when the name comes again after the first was handed back', () => {
    const scope = root()
    scope.reserve('x', undefined).release()
    const second = scope.reserve('x', undefined)
    expect(second.key).toBe('x#2')
    second.release()
    expect(scope.reserve('x', undefined).key).toBe('x#3')
  })

  it('is refused while the first is in flight, naming both', () => {
    const scope = under(root(), 'k')
    scope.reserve('x', undefined)
    const second = (): unknown => scope.reserve('x', undefined)
    expect(second).toThrow(/"x".*"k\/x" is still in flight/)
    expect(codeOf(second)).toBe('step/ambiguous')
  })

  it('does not count a refused call', () => {
    const scope = root()
    const first = scope.reserve('x', undefined)
    expect(codeOf(() => scope.reserve('x', undefined))).toBe('step/ambiguous')
    first.release()
    expect(scope.reserve('x', undefined).key).toBe('x#2')
  })

  it('is not freed by a late second release', () => {
    const scope = root()
    const first = scope.reserve('x', undefined)
    first.release()
    scope.reserve('x', undefined)
    first.release()
    expect(codeOf(() => scope.reserve('x', undefined))).toBe('step/ambiguous')
  })

  it('may be given, so that calls of one name run in parallel', () => {
    const scope = root()
    expect([scope.reserve('x', 'one').key, scope.reserve('x', 'two').key]).toEqual(['one', 'two'])
  })

  it.each(['', 'a/b', 'a#2', 'a b', '..\u0000', 'ä', 'x'.repeat(65)])(
    'is refused for the name %j',
    (name) => {
      expect(codeOf(() => root().reserve(name, undefined))).toBe('validation/options')
      expect(codeOf(() => root().reserve('fine', name))).toBe('validation/options')
    },
  )

  it.each(['a', 'x'.repeat(64), 'A-Z_a.z:0-9', '__proto__', 'constructor'])('takes the name %j', (name) => {
    expect(root().reserve(name, undefined).key).toBe(name)
  })
})

describe('a scope', () => {
  it('is cut with the one around it', () => {
    const outer = root()
    const inner = under(under(outer, 'a'), 'a/b')
    expect(inner.isCut).toBe(false)
    outer.cutAt = 1
    expect(inner.isCut).toBe(true)
  })

  it('contains itself and what lies in it', () => {
    const outer = root()
    const inner = under(outer, 'a')
    expect([outer.contains(outer), outer.contains(inner), inner.contains(outer)]).toEqual([true, true, false])
  })
})

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return HarnessError.is(error) ? error.code : String(error)
  }
  return 'nothing was thrown'
}
