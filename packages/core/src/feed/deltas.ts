import type { TransientEvent } from '../history/event.ts'

/** Receives transient events of one run. */
export type TransientSink = (event: TransientEvent) => void

/**
 * The transient events of the runs that execute in this process. They are never stored; the text of the steps
 * that are under way is kept so that a late reader does not begin in the middle of a sentence.
 */
export interface Deltas {
  emit(event: TransientEvent): void
  /** Delivers what is under way and then everything new; returns the function that ends it. */
  subscribe(sink: TransientSink): () => void
  /** Forgets the text of a step that has ended. */
  finished(key: string): void
}

type DeltaEvent = Extract<TransientEvent, { type: 'model.delta' }>

/** Makes the source of one run. */
export function createDeltas(): Deltas {
  const sinks = new Set<TransientSink>()
  const running = new Map<string, { first: DeltaEvent; text: string }>()
  const remember = (event: DeltaEvent): void => {
    const known = running.get(event.key)
    if (known === undefined || known.first.attempt !== event.attempt)
      running.set(event.key, { first: event, text: event.text })
    else known.text += event.text
  }
  return {
    emit(event) {
      if (event.type === 'model.delta') remember(event)
      for (const sink of sinks) sink(event)
    },
    subscribe(sink) {
      for (const { first, text } of running.values()) sink({ ...first, offset: 0, text })
      sinks.add(sink)
      return () => void sinks.delete(sink)
    },
    finished(key) {
      running.delete(key)
    },
  }
}
