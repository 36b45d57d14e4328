import type {
  CommittedEvent,
  LabelRecord,
  StartedEvent,
  TransientEvent,
  UnrecordedEnd,
} from '../history/event.ts'

const startedTypes: ReadonlySet<string> = new Set<StartedEvent['type']>([
  'agent.started',
  'model.started',
  'tool.started',
  'fanout.started',
])

/** Whether an event says that something began. */
function isStarted(event: TransientEvent): event is StartedEvent {
  return startedTypes.has(event.type)
}

/**
 * What one reader was told had begun and not that it has ended. What is aborted records nothing, and a process that
 * dies says nothing, so the reader itself sees to it that each `started` that it gave gets exactly one `finished`.
 */
export class OpenStarted {
  readonly #open = new Map<string, StartedEvent>()

  /** Whether a transient event is to be given: an end is, if its beginning was. */
  take(event: TransientEvent): boolean {
    // Nearly every event is one.
    if (event.type === 'model.delta') return true
    if (isStarted(event)) this.#open.set(event.id, event)
    else if (isFinished(event)) return this.#open.delete(event.id)
    return true
  }

  /** What has to be given before a committed event: nothing outlives its run, or the attempt that began it. */
  before(event: CommittedEvent): UnrecordedEnd | undefined {
    if (this.#open.size === 0) return undefined
    if ('id' in event) this.#open.delete(event.id)
    if (event.type === 'run.finished') return this.#close('cancelled', event.at)
    if (event.type === 'run.resumed') return this.#close('interrupted', event.at)
    return undefined
  }

  /** The innermost first. */
  #close(status: UnrecordedEnd['status'], at: number): UnrecordedEnd | undefined {
    const last = [...this.#open.values()].at(-1)
    if (last === undefined) return undefined
    this.#open.delete(last.id)
    return endOf(last, status, at)
  }
}

function isFinished(event: TransientEvent): event is UnrecordedEnd {
  return 'status' in event
}

/** The end of something that was begun. */
function endOf(started: StartedEvent, status: UnrecordedEnd['status'], at: number): UnrecordedEnd {
  const { runId, id, key, lineage } = started
  const label = labelOf(started)
  const common = { runId, at, id, key, status, label, ...(lineage !== undefined && { lineage }) }
  switch (started.type) {
    case 'agent.started':
      return { type: 'agent.finished', ...common }
    case 'model.started':
      return { type: 'model.finished', ...common }
    case 'tool.started':
      return { type: 'tool.finished', ...common }
    case 'fanout.started':
      return { type: 'fanout.finished', ...common }
  }
}

/** The facts that are known from the beginning. */
function labelOf(started: StartedEvent): LabelRecord {
  const { agent, tool, callId, model } = started as LabelRecord
  return {
    ...(agent !== undefined && { agent }),
    ...(tool !== undefined && { tool }),
    ...(callId !== undefined && { callId }),
    ...(model !== undefined && { model }),
  }
}
