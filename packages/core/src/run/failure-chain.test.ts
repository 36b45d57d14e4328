import { describe, expect, it } from 'vitest'
import { FailureChains } from './failure-chain.ts'

const links = [{ position: 3, scope: 'k' }]

function known(): { readonly chains: FailureChains; readonly failure: Error } {
  const chains = new FailureChains()
  const failure = new Error('boom')
  chains.remember(failure, links)
  return { chains, failure }
}

describe('the links of a failure', () => {
  it('are found by identity, not by equality', () => {
    const { chains, failure } = known()
    expect(chains.find(failure)).toBe(links)
    expect(chains.find(new Error('boom'))).toBeUndefined()
  })

  it('are found through causes', () => {
    const { chains, failure } = known()
    expect(chains.find(new Error('outer', { cause: new Error('inner', { cause: failure }) }))).toBe(links)
  })

  it('are found among the errors of an aggregate, in any place', () => {
    const { chains, failure } = known()
    expect(chains.find(new AggregateError([new Error('other'), failure]))).toBe(links)
    expect(chains.find(new Error('outer', { cause: new AggregateError([failure]) }))).toBe(links)
  })

  it.each([undefined, null, 'text', 7, {}, Object.create(null)])('are not found behind %s', (thrown) => {
    expect(known().chains.find(thrown)).toBeUndefined()
  })

  it('are looked for in a cycle of causes only so long', () => {
    const { chains, failure } = known()
    const cycle = new Error('cycle')
    cycle.cause = new Error('back', { cause: cycle })
    expect(chains.find(cycle)).toBeUndefined()
    expect(chains.find(new AggregateError([cycle, failure]))).toBe(links)
  })

  it('are looked for in aggregates that hold each other without exploding', () => {
    const { chains } = known()
    const left = new AggregateError([])
    const right = new AggregateError([left, left, left, left])
    left.errors = [right, right, right, right]
    expect(chains.find(left)).toBeUndefined()
  })
})
