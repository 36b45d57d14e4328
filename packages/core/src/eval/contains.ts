import { fullScore, outputText, valueFor, type FromItem, type Scorer } from './scorer.ts'

/** What `contains` takes. */
export interface ContainsInit<Item> {
  /** Default `contains`. */
  readonly name?: string
  /** One text or several; with several the score is the share that is found, and all are needed to pass. */
  readonly text: FromItem<Item, string | readonly string[]>
  /** Default false. */
  readonly ignoreCase?: boolean
}

/** Scores whether an output contains a text. An output that is not a text is searched as its JSON. */
export function contains<Item = unknown>(init: ContainsInit<Item>): Scorer<Item> {
  const fold = (text: string): string => (init.ignoreCase === true ? text.toLowerCase() : text)
  return {
    name: init.name ?? 'contains',
    score({ item, output }) {
      const wanted = valueFor<Item, string | readonly string[]>(init.text, item)
      const texts = typeof wanted === 'string' ? [wanted] : wanted
      if (texts.length === 0) throw new TypeError('contains: there is no text to look for.')
      const within = fold(outputText(output))
      const missing = texts.filter((text) => !within.includes(fold(text)))
      if (missing.length === 0) return fullScore
      const score = (texts.length - missing.length) / texts.length
      const named = missing.map((text) => JSON.stringify(text)).join(', ')
      return { score, passed: false, reason: `the output does not contain ${named}` }
    },
  }
}
