import type { CommittedEvents } from '../../src/history/event.ts'
import type { EntryInput } from '../../src/ports/index.ts'
import type { World } from './world.ts'

type Asked = CommittedEvents['approval.requested']

/** How the approvals of a workflow are answered. */
export interface Answers {
  readonly decide: (asked: Asked) => 'allow' | 'deny'
  /** Milliseconds; default 150. */
  readonly within?: number
  /** At least so many milliseconds after the question. */
  readonly after?: number
  /** Two people answer, and somebody writes decisions of his own into the inbox. */
  readonly hostile?: boolean
  /** A decision is written past the engine although the approval has expired. */
  readonly late?: boolean
}

/** Somebody in another process who answers what is asked. */
export class SimApprover {
  readonly #world: World
  readonly #answers: Answers
  #sent = 0

  constructor(world: World, answers: Answers) {
    this.#world = world
    this.#answers = answers
  }

  /** An approval was asked for. */
  asked(data: Asked): void {
    const { sim } = this.#world
    const { within = 150, after = 0, hostile = false, late = false } = this.#answers
    const later = (work: () => void): void => void sim.at(after + sim.random() * within, work)
    if (!late) later(() => this.#answer(data, this.#answers.decide(data)))
    const { expiresAt } = data
    // Stamped later than it may be, while the approval is still open for the engine.
    if (late) later(() => this.#forge(data, (expiresAt ?? 0) + 1))
    if (!hostile) return
    later(() => this.#answer(data, this.#answers.decide(data)))
    for (const over of [
      { binding: 'invented' },
      { approvalId: 'AAAAAAAA.invented' },
      { approvalId: `${data.approvalId}x` },
      { decision: 'perhaps' },
    ]) {
      if (sim.random() < 0.4) later(() => this.#forge({ ...data, ...over }))
    }
  }

  #answer({ approvalId, binding }: Asked, decision: 'allow' | 'deny'): void {
    this.#world.answer({ approvalId, binding, decision }, `d${++this.#sent}`).then(
      () => this.#world.log.push(`answered ${decision}`),
      (error: unknown) => {
        const { code, meta } = error as { code?: string; meta?: { reason?: string } }
        const isLate = ['already_resolved', 'withdrawn', 'expired'].includes(meta?.reason ?? '')
        this.#world.log.push(`answer refused ${code} ${meta?.reason}`)
        if (code !== 'approval/refused' || !isLate)
          this.#world.bad.push(`an answer was refused: ${String(error)}`)
      },
    )
  }

  #forge({ approvalId, binding, ...over }: Asked & { readonly decision?: string }, at?: number): void {
    const data = { commandId: `f${++this.#sent}`, approvalId, binding, decision: over.decision ?? 'allow' }
    const entry: EntryInput = { type: 'command.approve', at: 0, data }
    this.#world.smuggle(entry, data.commandId, at)
  }
}
