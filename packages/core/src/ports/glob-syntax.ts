import { sandboxLimits } from './sandbox-bounds.ts'

/** One code point or a span of them. */
export type GlobSpan = readonly [from: number, to: number]

/** A piece of a pattern. */
export type GlobNode =
  /** One character: in one of the spans, or in none of them. Never a slash unless it is the only span. */
  | { readonly kind: 'one'; readonly spans: readonly GlobSpan[]; readonly isNegated: boolean }
  /** `*`: any number of characters but slashes. */
  | { readonly kind: 'run' }
  /** A part `**` before others: any number of parts, each with its slash. */
  | { readonly kind: 'parts' }
  /** A part `**` at the end: everything from here. */
  | { readonly kind: 'rest' }
  | { readonly kind: 'either'; readonly branches: readonly (readonly GlobNode[])[] }

/** Reads a pattern. Throws a `TypeError` that says what it cannot read. */
export function parseGlob(pattern: string): readonly GlobNode[] {
  if (typeof pattern !== 'string') throw new TypeError('A glob pattern has to be a string.')
  if (pattern === '' || pattern.length > sandboxLimits.patternUnits || !pattern.isWellFormed()) {
    throw fault(`has to be a well-formed text of 1 to ${sandboxLimits.patternUnits} UTF-16 units`)
  }
  if (pattern.startsWith('/')) throw fault('is relative to its path and begins without a slash')
  if (/(?:^|\/)\.{0,2}(?:\/|$)/.test(pattern)) throw fault('has no empty part, no "." and no ".."')
  return new GlobReader(pattern).read()
}

function fault(rule: string): TypeError {
  return new TypeError(`A glob pattern ${rule}.`)
}

const slashSpan: GlobSpan = [0x2f, 0x2f]
const slash: GlobNode = { kind: 'one', spans: [slashSpan], isNegated: false }

/** What may stand before and after a part `**`; the comma and the braces only inside of braces. */
const partBegins = new Set([undefined, '/', '{', ','])
const partEnds = new Set([undefined, '/', '}', ','])

/** One pass from the left; braces are the only thing that nests. */
class GlobReader {
  readonly #characters: readonly string[]
  #at = 0
  #depth = 0

  constructor(pattern: string) {
    this.#characters = Array.from(pattern)
  }

  read(): readonly GlobNode[] {
    const nodes = this.#sequence()
    if (this.#at < this.#characters.length) throw fault('opens every brace that it closes')
    return nodes
  }

  /** Up to what ends a branch, which stays to be read. */
  #sequence(): readonly GlobNode[] {
    const nodes: GlobNode[] = []
    for (;;) {
      const character = this.#characters[this.#at]
      if (character === undefined || character === '}') return nodes
      if (character === ',' && this.#depth > 0) return nodes
      nodes.push(this.#node(character))
    }
  }

  #node(character: string): GlobNode {
    this.#at += 1
    if (character === '*') return this.#star()
    if (character === '?') return { kind: 'one', spans: [slashSpan], isNegated: true }
    if (character === '[') return this.#set()
    if (character === '{') return this.#either()
    return character === '/' ? slash : { kind: 'one', spans: [spanOf(character)], isNegated: false }
  }

  #star(): GlobNode {
    if (this.#characters[this.#at] !== '*') return { kind: 'run' }
    const before = this.#characters[this.#at - 2]
    const after = this.#characters[this.#at + 1]
    const isPart =
      partBegins.has(before) && partEnds.has(after) && (this.#depth > 0 || (before !== ',' && after !== ','))
    if (!isPart) throw fault('has "**" as a part of its own')
    this.#at += 1
    if (after !== '/') return { kind: 'rest' }
    this.#at += 1
    return { kind: 'parts' }
  }

  #either(): GlobNode {
    const branches: (readonly GlobNode[])[] = []
    this.#depth += 1
    for (;;) {
      branches.push(this.#sequence())
      const end = this.#characters[this.#at]
      if (end === undefined) throw fault('closes every brace that it opens')
      this.#at += 1
      if (end === '}') break
    }
    this.#depth -= 1
    return { kind: 'either', branches }
  }

  #set(): GlobNode {
    const isNegated = this.#characters[this.#at] === '!'
    if (isNegated) this.#at += 1
    else if (this.#characters[this.#at] === '^') throw fault('negates a set with "!": [!a]')
    const spans: GlobSpan[] = []
    for (let isFirst = true; ; isFirst = false) {
      const character = this.#characters[this.#at]
      if (character === undefined) throw fault('closes every set that it opens')
      this.#at += 1
      if (character === ']' && !isFirst) break
      spans.push(this.#span(character))
    }
    // A set stands for a character within a part, whatever its ranges run over.
    const within = isNegated
      ? [...spans, slashSpan]
      : spans.flatMap(([from, to]): GlobSpan[] =>
          from <= 0x2f && to >= 0x2f
            ? [
                [from, 0x2e],
                [0x30, to],
              ]
            : [[from, to]],
        )
    return { kind: 'one', spans: within, isNegated }
  }

  #span(first: string): GlobSpan {
    const last = this.#characters[this.#at + 1]
    const isSpan = this.#characters[this.#at] === '-' && last !== undefined && last !== ']'
    const [from] = spanOf(first)
    const [to] = isSpan ? spanOf(last) : [from]
    if (isSpan) this.#at += 2
    if (from > to) throw fault('has the ends of a range in their order')
    if (first === '/' || (isSpan && last === '/')) throw fault('has no slash in a set')
    return [from, to]
  }
}

function spanOf(character: string): GlobSpan {
  const point = character.codePointAt(0) ?? 0
  return [point, point]
}
