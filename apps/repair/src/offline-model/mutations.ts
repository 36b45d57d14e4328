/** One small change of one line. */
export interface Mutation {
  readonly path: string
  /** The whole line, which is unique in its file, so that it can be found again. */
  readonly find: string
  readonly replace: string
}

/** What is put in the place of what, most telling slips first: a wrong bound, a wrong operator, a number next to the right one. */
const swaps: readonly (readonly [RegExp, (found: string) => string])[] = [
  [
    /<=|>=|(?<![=<>-])[<>](?![=<>])/g,
    (found) => ({ '<': '<=', '<=': '<', '>': '>=', '>=': '>' })[found] ?? found,
  ],
  [/===|!==/g, (found) => (found === '===' ? '!==' : '===')],
  [/(?<= )[-+*/](?= )/g, (found) => ({ '-': '*', '*': '-', '+': '-', '/': '*' })[found] ?? found],
  [/(?<= )[-*](?= )/g, () => '+'],
  [/&&|\|\|/g, (found) => (found === '&&' ? '||' : '&&')],
  [/Math\.(ceil|floor)/g, (found) => (found === 'Math.ceil' ? 'Math.floor' : 'Math.ceil')],
  [/\b\d+\b/g, (found) => String(Number(found) + 1)],
  [/\b[1-9]\d*\b/g, (found) => String(Number(found) - 1)],
]

/** Every mutation of a file, one kind after the other. Comments and lines that are not unique are left out. */
export function mutationsOf(path: string, text: string): Mutation[] {
  const lines = text.split('\n')
  const usable = lines.filter((line) => isCode(line) && text.split(line).length === 2)
  return swaps.flatMap(([pattern, swap]) =>
    usable.flatMap((line) =>
      [...line.matchAll(pattern)].map((match) => ({
        path,
        find: line,
        replace: line.slice(0, match.index) + swap(match[0]) + line.slice(match.index + match[0].length),
      })),
    ),
  )
}

function isCode(line: string): boolean {
  const trimmed = line.trim()
  return trimmed !== '' && !/^(\/\/|\/?\*|import |export \* )/.test(trimmed)
}
