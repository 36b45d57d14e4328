import type { RunEvent } from '@belay/core'
import { liveView } from './live-view.ts'
import { plainLine } from './plain-line.ts'

/** Where progress is shown. */
export interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** What shows a run while it goes on. */
export interface View {
  /** `isNew` is false for what was recorded before this process began. */
  show(event: RunEvent, isNew: boolean): void
  /** Leaves the terminal as it was; may be called twice. */
  end(): void
}

/** In place on a terminal, line by line elsewhere. */
export function createView(screen: Screen, environment: Readonly<Record<string, string | undefined>>): View {
  const isLive = screen.isTTY === true && environment['TERM'] !== 'dumb'
  if (isLive) return liveView(screen, { hasColour: !environment['NO_COLOR'] })
  return {
    show: (event, isNew) => {
      const line = isNew ? plainLine(event) : undefined
      if (line !== undefined) screen.write(`${line}\n`)
    },
    end: () => undefined,
  }
}
