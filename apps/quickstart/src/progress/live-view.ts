import { Progress, stages } from './progress.ts'
import { painter, paintLine, type Piece } from './terminal-text.ts'
import type { Screen, View } from './view.ts'

/** At most ten pictures a second: more costs and is not seen. */
const frameMs = 100
const hideCursor = '\u001B[?25l'
const showCursor = '\u001B[?25h'
const clearBelow = '\u001B[J'

const titles = {
  survey: 'survey the folder',
  plan: 'plan',
  read: 'read',
  write: 'write',
  verify: 'verify citations',
  save: 'save the report',
} as const

/** Draws the state of the run in place. */
export function liveView(screen: Screen, options: { readonly hasColour: boolean }): View {
  const progress = new Progress()
  const paint = painter(options.hasColour)
  const startedAt = performance.now()
  let drawn = 0
  let hasEnded = false

  const draw = (): void => {
    // One column is kept free: a full line would wrap on some terminals. Zero is a terminal that does not know.
    const width = Math.max(20, (screen.columns || 80) - 1)
    const height = Math.max(3, (screen.rows || 24) - 1)
    const lines = linesOf(progress, performance.now() - startedAt).slice(-height)
    const picture = lines.map((pieces) => `${paintLine(pieces, width, paint)}\n`).join('')
    const up = drawn > 0 ? `\u001B[${drawn}A\r${clearBelow}` : ''
    screen.write(`${up}${picture}`)
    drawn = lines.length
  }
  const end = (): void => {
    if (hasEnded) return
    hasEnded = true
    clearInterval(timer)
    process.off('exit', end)
    draw()
    screen.write(showCursor)
  }
  const timer = setInterval(draw, frameMs)
  // A process that ends on another road must not leave a terminal without a cursor.
  process.on('exit', end)
  screen.write(hideCursor)
  draw()
  return { show: (event) => progress.apply(event), end }
}

function linesOf(progress: Progress, elapsedMs: number): Piece[][] {
  const { current } = progress
  const lines: Piece[][] = stages.map((stage) => {
    const isDone = progress.done.has(stage)
    const fact = progress.facts.get(stage)
    const mark: Piece = isDone
      ? { text: ' ✓ ', style: 'green' }
      : { text: stage === current ? ' ▸ ' : '   ', style: 'cyan' }
    const title: Piece = {
      text: titles[stage],
      ...(!isDone && { style: stage === current ? 'bold' : 'dim' }),
    }
    return [mark, title, ...(fact === undefined ? [] : [{ text: `  ${fact}`, style: 'dim' } as const])]
  })
  const busy = [...progress.activities].sort(([a], [b]) => (a < b ? -1 : 1))
  const doing = busy.map(([actor, activity]): Piece[] => [
    { text: `     ${actor}: ` },
    { text: activity, style: 'cyan' },
  ])
  const at = current === undefined ? lines.length : stages.indexOf(current) + 1
  lines.splice(at, 0, ...doing)
  lines.push([{ text: footer(progress, elapsedMs), style: 'dim' }])
  return lines
}

function footer({ steps, tokensIn, tokensOut }: Progress, elapsedMs: number): string {
  const number = (value: number): string => value.toLocaleString('en-US')
  return `   ${number(steps)} steps recorded · tokens ${number(tokensIn)} in, ${number(tokensOut)} out · ${duration(elapsedMs)}`
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
