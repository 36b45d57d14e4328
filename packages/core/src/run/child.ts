import { serializeError } from '../errors/serialize.ts'
import type { AskRecord, ResultOutcome } from '../history/event.ts'
import { delegationCallId, type Lineage } from '../history/lineage.ts'
import { encodeValue } from '../history/stored-value.ts'
import { hashJson } from '../schema/json.ts'
import type { Attempt } from './attempt.ts'
import { CallerSignal } from './caller-signal.ts'
import type { ChildSpec } from './definition.ts'
import { Scope } from './scope.ts'
import { cancelled, timedOut } from './signal.ts'

/**
 * Runs a program in a scope of the same run. When its end is recorded the program does not run: the end is
 * handed over at its place and everything below it counts as consumed.
 */
export function askChild(attempt: Attempt, parent: Scope, spec: ChildSpec): Promise<unknown> {
  const caller = spec.signal === undefined ? undefined : new CallerSignal(spec.signal)
  const key = attempt.reserve(parent, spec.name, spec.key)
  if (key instanceof Promise) {
    caller?.stop()
    return key
  }
  const scope = new Scope({
    key: key.key,
    parent,
    depth: parent.depth + 1,
    metadata: spec.metadata ?? parent.metadata,
    options: spec.options ?? parent.options,
    lineage: lineageOf(attempt, parent, key.key, spec),
  })
  const inputHash = hashJson(spec.input)
  attempt.openScopes++
  attempt.childCount.total++
  attempt.childCount.inFlight++
  scope.skipped = attempt.releases.isRecorded(key.key)
  attempt.releases.addScope(scope)
  const ask = attempt.releases.recordOf(key, parent)
  const result = attempt.releases.ask({
    key,
    type: 'agent.finished',
    scope: parent,
    inputHash,
    child: scope,
    settled: () => {
      if (!scope.over && !scope.skipped) attempt.endUnrecorded('agent', key.key, scope, spec.label)
      attempt.openScopes--
      attempt.childCount.inFlight--
      scope.cancellation.dispose()
    },
  })
  if (!scope.skipped && !attempt.over) new ChildRun(attempt, scope, spec, { ...ask, inputHash }).start(caller)
  else caller?.stop()
  return result
}

function lineageOf(attempt: Attempt, parent: Scope, key: string, spec: ChildSpec): Lineage | undefined {
  if (spec.lineage === undefined) return undefined
  const { identity, history } = attempt
  return Object.freeze({
    ...spec.lineage,
    parent: parent.key,
    delegationCallId: delegationCallId({ runId: identity.runId, startedAt: history.startedAt }, key),
    depth: parent.depth + 1,
  })
}

class ChildRun {
  readonly #attempt: Attempt
  readonly #scope: Scope
  readonly #spec: ChildSpec
  readonly #ask: AskRecord & { readonly inputHash: string }

  constructor(
    attempt: Attempt,
    scope: Scope,
    spec: ChildSpec,
    ask: AskRecord & { readonly inputHash: string },
  ) {
    this.#attempt = attempt
    this.#scope = scope
    this.#spec = spec
    this.#ask = ask
  }

  start(caller: CallerSignal | undefined): void {
    const { program, input, timeoutMs, label } = this.#spec
    const context = this.#attempt.contextOf(this.#scope)
    if (timeoutMs !== undefined && timeoutMs > 0) this.#armTimeout(timeoutMs)
    if (caller !== undefined) this.#follow(caller)
    const { observer } = this.#attempt
    const agent = label.agent ?? this.#spec.name
    // A child that an earlier attempt had begun is begun anew, once what is recorded of it was handed back.
    this.#attempt.releases.whenOpen(() => {
      if (this.#isOver()) return
      context.emit({ type: 'agent.started', key: this.#scope.key, agent })
    })
    if (observer === undefined) return void this.#run(async () => program(context, input))
    observer.child({ scope: this.#scope.key, agent })
    this.#whenDone(() => observer.childEnded(this.#scope.key))
    void this.#run(async () => observer.within(this.#scope.key, () => program(context, input)))
  }

  async #run(program: () => Promise<unknown>): Promise<void> {
    let outcome: ResultOutcome
    try {
      const value = await program()
      if (this.#isOver()) return
      const encoded = encodeValue(value, `The output of "${this.#scope.key}"`, this.#attempt.engine.blobs)
      const { stored } = encoded instanceof Promise ? await this.#attempt.io(() => encoded) : encoded
      outcome = { status: 'ok', ...stored }
    } catch (error) {
      // The end of a scope that was cut is what cut it, not what its program made of that.
      if (this.#isOver()) return
      outcome = this.#failure(error)
    }
    this.#attempt.releases.whenOpen(() => {
      if (!this.#isOver()) this.#end(outcome)
    })
  }

  #failure(error: unknown): ResultOutcome {
    const chain = this.#attempt.chains.find(error)
    return { status: 'failed', error: serializeError(error), ...(chain !== undefined && { chain }) }
  }

  #isOver(): boolean {
    return this.#attempt.over || this.#scope.over || this.#scope.isCut
  }

  #end(outcome: ResultOutcome): void {
    this.#scope.over = true
    const error = outcome.status === 'failed' ? outcome.error : undefined
    this.#attempt.observer?.childEnded(this.#scope.key, error)
    const { lineage } = this.#scope
    this.#attempt.recordResult('agent.finished', {
      ...this.#ask,
      ...outcome,
      label: this.#spec.label,
      ...(lineage !== undefined && { lineage }),
    })
  }

  #armTimeout(timeoutMs: number): void {
    const timer = this.#attempt.platform.timer(timeoutMs, () =>
      this.#stop(timedOut('call', `The call "${this.#scope.key}"`, timeoutMs)),
    )
    this.#whenDone(() => timer.cancel())
  }

  #follow(caller: CallerSignal): void {
    this.#whenDone(() => caller.stop())
    caller.listen((reason) =>
      this.#stop(cancelled('call', `The call "${this.#scope.key}" was cancelled.`, reason)),
    )
  }

  /** A scope that ended was cut, which aborts it; an attempt that is over takes no scope with it. */
  #whenDone(clean: () => void): void {
    const forget = this.#attempt.whenOver(clean)
    this.#scope.cancellation.onAbort(() => {
      forget()
      clean()
    })
  }

  /** Ends the child from outside: a time limit of the call, or its own signal. */
  #stop(error: Error): void {
    this.#attempt.releases.whenOpen(() => {
      if (this.#isOver()) return
      this.#attempt.releases.cut(this.#scope, error)
      this.#end({ status: 'failed', error: serializeError(error) })
    })
  }
}
