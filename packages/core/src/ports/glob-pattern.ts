import { parseGlob, type GlobNode } from './glob-syntax.ts'

/** A pattern of `glob`, ready to be compared with paths. */
export interface GlobPattern {
  /** Whether it matches a path relative to where the search begins, such as `src/a.ts`. */
  matches(path: string): boolean
  /** Whether it can match anything below a relative directory. A walk that leaves out the others loses nothing. */
  canMatchBelow(directory: string): boolean
}

/**
 * Makes a pattern of `glob` ready. Comparing takes time linear in the path, whatever the pattern: the pattern is an
 * automaton whose sets of states are made when a path first needs them. A regular expression made from it would try
 * `*a*a*a*b` in every way. Throws a `TypeError` for a pattern that is not of the port's form.
 */
export function compileGlob(pattern: string): GlobPattern {
  const automaton = new GlobAutomaton(parseGlob(pattern))
  return {
    matches: (path) => automaton.after(path).isMatch,
    canMatchBelow: (directory) => directory === '' || automaton.after(`${directory}/`).states.length > 0,
  }
}

/** A state takes one character and goes on, or goes on without one. */
interface State {
  readonly takes?: (point: number) => boolean
  readonly to: readonly number[]
}

/** A set of states, and where characters lead from it, as far as known. */
interface StateSet {
  readonly states: readonly number[]
  readonly isMatch: boolean
  readonly edges: Map<number, StateSet>
}

/** Edges that are kept, some MiB. Hostile patterns and names could make any number. */
const maxEdges = 20_000

const end = 0

class GlobAutomaton {
  readonly #states: State[] = [{ to: [] }]
  readonly #first: number
  #sets = new Map<string, StateSet>()
  #edges = 0
  #start: StateSet

  constructor(nodes: readonly GlobNode[]) {
    this.#first = this.#sequence(nodes, end)
    this.#start = this.#setOf([this.#first])
  }

  /** The set of states after a text. */
  after(text: string): StateSet {
    let set = this.#start
    for (let at = 0; at < text.length && set.states.length > 0;) {
      const point = text.codePointAt(at) ?? 0
      set = set.edges.get(point) ?? this.#follow(set, point)
      at += point > 0xffff ? 2 : 1
    }
    return set
  }

  #follow(set: StateSet, point: number): StateSet {
    if (this.#edges >= maxEdges) this.#forget()
    this.#edges += 1
    const reached = set.states.flatMap((index) => {
      const state = this.#states[index]
      return state?.takes?.(point) === true ? state.to : []
    })
    const next = this.#setOf(reached)
    set.edges.set(point, next)
    return next
  }

  #forget(): void {
    this.#sets = new Map()
    this.#edges = 0
    this.#start = this.#setOf([this.#first])
  }

  /** With every state that is reached without a character; only those that take one, and the end, are kept. */
  #setOf(reached: readonly number[]): StateSet {
    const seen = new Set(reached)
    const kept: number[] = []
    for (const index of seen) {
      const state = this.#states[index]
      if (index === end || state?.takes !== undefined) kept.push(index)
      else for (const to of state?.to ?? []) seen.add(to)
    }
    const states = kept.toSorted((left, right) => left - right)
    const key = states.join()
    const known = this.#sets.get(key)
    if (known !== undefined) return known
    const made: StateSet = { states, isMatch: states[0] === end, edges: new Map() }
    this.#sets.set(key, made)
    return made
  }

  #sequence(nodes: readonly GlobNode[], to: number): number {
    return nodes.reduceRight((next, node) => this.#node(node, next), to)
  }

  /** States are made from the end, so that each knows where it leads; a loop is closed afterwards. */
  #node(node: GlobNode, to: number): number {
    switch (node.kind) {
      case 'one':
        return this.#add({ takes: takerOf(node), to: [to] })
      case 'run':
        return this.#loop(to, (again) => this.#add({ takes: isNoSlash, to: [again] }))
      case 'rest':
        return this.#add({
          takes: () => true,
          to: [this.#loop(to, (again) => this.#add({ takes: () => true, to: [again] }))],
        })
      case 'parts':
        return this.#loop(to, (again) => {
          const close = this.#add({ takes: (point) => point === 0x2f, to: [again] })
          const name = this.#loop(close, (more) => this.#add({ takes: isNoSlash, to: [more] }))
          return this.#add({ takes: isNoSlash, to: [name] })
        })
      case 'either':
        return this.#add({ to: node.branches.map((branch) => this.#sequence(branch, to)) })
    }
  }

  #loop(to: number, body: (again: number) => number): number {
    const targets = [to]
    const again = this.#add({ to: targets })
    targets.push(body(again))
    return again
  }

  #add(state: State): number {
    return this.#states.push(state) - 1
  }
}

const isNoSlash = (point: number): boolean => point !== 0x2f

function takerOf({ spans, isNegated }: GlobNode & { readonly kind: 'one' }): (point: number) => boolean {
  return (point) => spans.some(([from, to]) => point >= from && point <= to) !== isNegated
}
