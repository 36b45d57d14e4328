/** Anything that gives its events as a sequence, such as the handle of a run. */
export interface EventSource<Event> {
  events(): AsyncIterable<Event>
}

/** Events that are being collected. */
export interface RecordedEvents<Event> {
  /** What came so far, in order. */
  readonly events: readonly Event[]
  /** Resolves with all of them when the sequence ends; rejects when it fails. */
  readonly ended: Promise<readonly Event[]>
  /** Resolves with the first event, past or future, that `matches`; rejects when the sequence ends without one. */
  next(matches: (event: Event) => boolean): Promise<Event>
}

/** Collects the events of a source from now on. */
export function recordEvents<Event>(source: EventSource<Event>): RecordedEvents<Event> {
  const events: Event[] = []
  const waiting = new Set<() => void>()
  let hasEnded = false
  const wake = (): void => {
    for (const check of [...waiting]) check()
  }
  const collect = async (): Promise<readonly Event[]> => {
    try {
      for await (const event of source.events()) {
        events.push(event)
        wake()
      }
      return events
    } finally {
      hasEnded = true
      wake()
    }
  }
  const ended = collect()
  // Whoever cares awaits `ended`; nobody has to.
  ended.catch(() => {})
  return {
    events,
    ended,
    next: (matches) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = events.find(matches)
          if (found === undefined && !hasEnded) return
          waiting.delete(check)
          if (found === undefined) reject(new Error('The events ended without the one that was waited for'))
          else resolve(found)
        }
        waiting.add(check)
        check()
      }),
  }
}
