import type { Json } from '../ports/index.ts'

type Mode = 'before' | 'fence' | 'structure' | 'string' | 'escape' | 'scalar' | 'after' | 'broken'

const space = /\s/

/**
 * Reads an object or a list while it is being written. Each character is looked at once; `value` parses what
 * stands, with an open string cut where it is whole and open brackets closed. Numbers, words and names that may
 * still grow are left out, so nothing that was shown turns into another value later, only into more of it.
 */
export class PartialJson {
  #text = ''
  #mode: Mode = 'before'
  /** Closing brackets of what is open, outermost first. */
  readonly #open: string[] = []
  #start = 0
  /** Up to here the text is whole: behind an opening bracket or a complete value. */
  #safe = -1
  #isName = false
  #nameNext = false
  /** Where an escape began whose character is not whole yet; -1: none. */
  #held = -1
  #hexLeft = 0

  push(text: string): void {
    const base = this.#text.length
    this.#text += text
    for (let index = 0; index < text.length; index++) this.#take(text[index] as string, base + index)
  }

  /** How much of the text `value` would show; grows with what is known. 0: nothing. */
  get extent(): number {
    if (this.#mode === 'broken' || this.#safe < 0) return 0
    const inString = !this.#isName && (this.#mode === 'string' || this.#mode === 'escape')
    if (!inString) return this.#safe
    if (this.#held >= 0) return this.#held
    const last = this.#text.charCodeAt(this.#text.length - 1)
    return last >= 0xd800 && last <= 0xdbff ? this.#text.length - 1 : this.#text.length
  }

  /** Whether the text can never become a value, or is one already. */
  get ended(): boolean {
    return this.#mode === 'broken' || this.#mode === 'after'
  }

  /** What is known so far; `undefined` when nothing is. */
  get value(): Json | undefined {
    const { extent } = this
    if (extent === 0) return undefined
    const quote = extent > this.#safe ? '"' : ''
    const text = this.#text.slice(this.#start, extent) + quote + this.#open.toReversed().join('')
    try {
      return JSON.parse(text) as Json
    } catch {
      this.#mode = 'broken'
      return undefined
    }
  }

  #take(char: string, at: number): void {
    switch (this.#mode) {
      case 'before':
        if (char === '`') this.#mode = 'fence'
        else if (char === '{' || char === '[') {
          this.#start = at
          this.#structure(char, at)
        } else if (!space.test(char)) this.#mode = 'broken'
        return
      case 'fence':
        if (char === '\n') this.#mode = 'before'
        return
      case 'structure':
        return this.#structure(char, at)
      case 'string':
        return this.#string(char, at)
      case 'escape':
        return this.#escape(char, at)
      case 'scalar':
        if (!',]}'.includes(char) && !space.test(char)) return
        this.#mode = 'structure'
        this.#safe = at
        return this.#structure(char, at)
      case 'after':
      case 'broken':
        return
    }
  }

  #structure(char: string, at: number): void {
    switch (char) {
      case '{':
      case '[':
        this.#mode = 'structure'
        this.#open.push(char === '{' ? '}' : ']')
        this.#nameNext = char === '{'
        this.#safe = at + 1
        return
      case '}':
      case ']':
        if (this.#open.pop() !== char) this.#mode = 'broken'
        else if (this.#open.length === 0) this.#mode = 'after'
        this.#nameNext = false
        this.#safe = at + 1
        return
      case ',':
        this.#nameNext = this.#open.at(-1) === '}'
        return
      case ':':
        this.#nameNext = false
        return
      case '"':
        this.#mode = 'string'
        this.#isName = this.#nameNext
        this.#held = -1
        return
      default:
        if (!space.test(char)) this.#mode = 'scalar'
    }
  }

  #string(char: string, at: number): void {
    if (char === '\\') {
      this.#mode = 'escape'
      if (this.#held < 0) this.#held = at
      this.#hexLeft = 0
      return
    }
    this.#held = -1
    if (char !== '"') return
    this.#mode = 'structure'
    if (!this.#isName) this.#safe = at + 1
  }

  #escape(char: string, at: number): void {
    if (this.#hexLeft === 0) {
      if (char === 'u') this.#hexLeft = 4
      else this.#endEscape(false)
    } else if (--this.#hexLeft === 0) {
      this.#endEscape(/^d[89ab]/i.test(this.#text.slice(at - 3, at + 1)))
    }
  }

  /** The first half of a pair is held until the second one is there. */
  #endEscape(isFirstHalf: boolean): void {
    this.#mode = 'string'
    if (!isFirstHalf) this.#held = -1
  }
}
