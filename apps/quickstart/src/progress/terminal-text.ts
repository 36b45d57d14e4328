/** Styles that the live view uses. */
type Style = 'bold' | 'dim' | 'green' | 'cyan'

const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  cyan: [36, 39],
}

/** Text with a style, or as it is when colours are not wanted. */
export type Paint = (style: Style, text: string) => string

export function painter(hasColour: boolean): Paint {
  return (style, text) => (hasColour ? `\u001B[${codes[style][0]}m${text}\u001B[${codes[style][1]}m` : text)
}

/** A piece of a line before it is painted. */
export interface Piece {
  readonly text: string
  readonly style?: Style
}

/** Paints pieces as one line that is cut where the terminal ends. Control characters never reach it. */
export function paintLine(pieces: readonly Piece[], width: number, paint: Paint): string {
  let left = width
  let line = ''
  for (const { text, style } of pieces) {
    const shown = cut(text.replace(/\p{Cc}/gu, ' '), left)
    left -= widthOf(shown)
    line += style === undefined ? shown : paint(style, shown)
    if (left <= 0) break
  }
  return line
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let shown = ''
  let used = 0
  for (const character of text) {
    used += widthOf(character)
    if (used > width - 1) break
    shown += character
  }
  return width > 0 ? `${shown}…` : ''
}

/** Columns of a text: East Asian wide characters and emoji take two, combining marks none. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) {
    if (/\p{Mark}|\p{Cf}/u.test(character)) continue
    width +=
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1
  }
  return width
}
