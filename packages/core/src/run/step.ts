import type { StepSandbox } from '../define/sandbox.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { serializeError } from '../errors/serialize.ts'
import type { Built } from '../history/built.ts'
import type { AskRecord, ResultData, ResultOutcome, ResultType } from '../history/event.ts'
import { encodeValue } from '../history/stored-value.ts'
import { hashJson } from '../schema/json.ts'
import { admit, type Admission } from './admission.ts'
import type { Attempt } from './attempt.ts'
import type { EngineStepRun, StepSpec } from './definition.ts'
import { runBody, type BodyEnd } from './effect.ts'
import { StepRunContext, type StepBody } from './effect-run.ts'
import { isAbort, unknownOutcome, withoutAccess } from './step-end.ts'
import { StepPlace } from './step-place.ts'
import type { ExclusiveTurn } from './exclusive-steps.ts'
import { passGate } from './gate.ts'
import { deferralBefore, delayBefore } from './retry.ts'
import type { EffectDetail, EffectObserver, EffectRun } from './observer.ts'
import type { Scope } from './scope.ts'
import { Cancellation } from './signal.ts'

/**
 * Asks for an effect. A recorded result comes back without running it; otherwise it runs with its retry
 * policy, and its end is recorded once. The only place where effects happen.
 */
export function askStep<T>(attempt: Attempt, scope: Scope, spec: StepSpec<T>): Promise<T> {
  const key = attempt.reserve(scope, spec.name, spec.key)
  if (key instanceof Promise) return key
  const asked = attempt.observer?.asked()
  const inputHash = spec.input === undefined ? undefined : hashJson(spec.input)
  return attempt.releases.ask({
    key,
    type: `${spec.noun}.finished`,
    scope,
    inputHash,
    folded: spec.folded,
    start: (ask) => {
      attempt.begin()
      const execution = { spec: spec as StepSpec, ask, inputHash, asked }
      void new StepExecution(attempt, scope, execution).execute()
    },
  }) as Promise<T>
}

/** The wait before the next attempt, if there is one, and whether it holds no process. */
interface RetryDelay {
  readonly ms: number | undefined
  readonly deferred: boolean
}

/** A step with what was known when it was asked for. */
interface AskedStep {
  readonly spec: StepSpec
  readonly ask: AskRecord
  readonly inputHash: string | undefined
  /** Where the program stood, for whoever watches. */
  readonly asked: unknown
}

class StepExecution implements StepBody {
  readonly #attempt: Attempt
  readonly #scope: Scope
  readonly #spec: StepSpec
  readonly #ask: AskRecord
  readonly #inputHash: string | undefined
  readonly #asked: unknown
  readonly #cancellation: Cancellation
  #number: number
  /** When a deferred retry is due. */
  #dueAt: number | undefined
  #startedAt = 0
  /** It was not allowed, so that nothing of it has happened. */
  #denied = false
  #leave: (() => void) | undefined
  #turn: ExclusiveTurn | undefined
  /** Made when a body asks for its sandbox. */
  #place: StepPlace | undefined

  constructor(attempt: Attempt, scope: Scope, { spec, ask, inputHash, asked }: AskedStep) {
    this.#attempt = attempt
    this.#scope = scope
    this.#spec = spec
    this.#ask = ask
    this.#inputHash = inputHash
    this.#asked = asked
    this.#cancellation = new Cancellation(scope.cancellation)
    const partial = attempt.history.partial.get(ask.key)
    this.#number = (partial?.attempts ?? 0) + 1
    this.#dueAt = partial?.dueAt
  }

  /** Never rejects. */
  async execute(): Promise<void> {
    try {
      this.#startedAt = this.#attempt.platform.now()
      const end = await this.#run()
      if (end === undefined) {
        if (!this.#attempt.over) await this.#place?.forget()
        return this.#leaveUnrecorded()
      }
      if (this.#attempt.over) return
      const encoded = this.#encode(end)
      const outcome = encoded instanceof Promise ? await encoded : encoded
      if (this.#place === undefined) return this.#record(outcome, end)
      this.#record(await this.#place.keep(this.#number, outcome), end)
    } catch (error) {
      this.#attempt.fault(error)
    } finally {
      if (this.#place !== undefined) await this.#place.end()
      this.#turn?.leave()
      this.#leave?.()
      this.#cancellation.dispose()
      if (this.#spec.noun === 'model') this.#attempt.deltas.finished(this.#ask.key)
      this.#attempt.end()
    }
  }

  /** How the effect ended after all its attempts; `undefined` when its scope was aborted before it completed. */
  async #run(): Promise<BodyEnd | undefined> {
    const known = this.#attempt.history.partial.get(this.#ask.key)
    if (this.#spec.effect === 'once' && known?.intended === true) return this.#reconcile()
    if (this.#spec.gate !== undefined || known?.consent !== undefined) {
      const end = await this.#passGate()
      if (end !== 'allowed') return end
    }
    // After consent, and before an intent: what only waits has had no effect.
    if (this.#spec.workspace === 'write' && !(await this.#takeTurn())) return undefined
    if (this.#spec.effect === 'once') {
      await this.#attempt.append({ type: 'step.intended', data: { ...this.#ask, attempt: this.#number } })
    }
    for (;;) {
      if (this.#attempt.over || this.#isAborted) return undefined
      const held = this.#admit()
      if (held !== undefined) {
        const admission = await held
        if (admission === 'aborted' || this.#attempt.over || this.#isAborted) return undefined
        if (admission !== 'go') return { status: 'failed', error: admission.refusal, timedOut: false }
      }
      if (!this.#attempt.ownership.mayAct()) return undefined
      const turn = this.#turn
      const running = this.#runOnce((run, tell) =>
        turn === undefined ? this.#spec.run(run, tell) : turn.follow(this.#spec.run(run, tell)),
      )
      const end = running instanceof Promise ? await running : running
      if (this.#place !== undefined) await this.#place.end()
      if (end.status === 'ok') return end
      if (this.#isAborted) return isAbort(end.error, this.#cancellation.reason) ? undefined : end
      if (this.#spec.effect === 'once')
        return end.timedOut ? { ...end, error: unknownOutcome(this.#spec.noun, this.#ask.key) } : end
      const delay = this.#delayAfter(end.error)
      if ('refusal' in delay) return { status: 'failed', error: delay.refusal, timedOut: false }
      if (delay.ms === undefined) return end
      if (!(await this.#waitForRetry(end.error, delay.ms, delay.deferred))) return undefined
      if (!this.#attempt.over) await this.#place?.forget()
    }
  }

  #admit(): Promise<Admission> | undefined {
    if (this.#dueAt === undefined && this.#attempt.budget === undefined) return undefined
    return admit(this.#attempt, {
      key: this.#ask.key,
      attempt: this.#number,
      spec: this.#spec,
      cancellation: this.#cancellation,
      dueAt: this.#dueAt,
    })
  }

  /** `undefined`: aborted while it waited. */
  async #passGate(): Promise<BodyEnd | 'allowed' | undefined> {
    const { gate } = this.#spec
    const end = await passGate({
      attempt: this.#attempt,
      ask: this.#ask,
      gate,
      cancellation: this.#cancellation,
    })
    if (end === undefined) return undefined
    this.#denied = !end.allowed
    if (!end.allowed) return { status: 'failed', error: end.error, timedOut: false }
    this.#leave = await gate?.enter?.()
    this.#startedAt = this.#attempt.platform.now()
    return this.#isAborted ? undefined : 'allowed'
  }

  /** False: aborted while it waited. */
  async #takeTurn(): Promise<boolean> {
    this.#turn = await this.#attempt.exclusive.enter(this.#cancellation)
    this.#startedAt = this.#attempt.platform.now()
    return this.#turn !== undefined && !this.#isAborted
  }

  /** The policy is user code: what it throws is a failure of the step like any other. */
  #delayAfter(error: unknown): RetryDelay | { readonly refusal: unknown } {
    const { retry } = this.#spec
    try {
      const ms = delayBefore(retry, this.#number, error, () => this.#attempt.platform.random())
      if (ms !== undefined) return { ms, deferred: false }
      return { ms: deferralBefore(retry, this.#number, error), deferred: true }
    } catch (refusal) {
      return { refusal }
    }
  }

  get #isAborted(): boolean {
    return this.#cancellation.aborted
  }

  get attempt(): Attempt {
    return this.#attempt
  }

  get key(): string {
    return this.#ask.key
  }

  get number(): number {
    return this.#number
  }

  sandbox(cancellation: Cancellation): StepSandbox {
    const { workspace: access, skills = [] } = this.#spec
    if (access === undefined) throw withoutAccess(this.#ask.key)
    this.#place ??= new StepPlace(this.#attempt, { key: this.#ask.key, scope: this.#scope, access, skills })
    return this.#place.sandbox(cancellation)
  }

  #runOnce(
    body: (run: EngineStepRun, tell?: (detail: EffectDetail) => void) => unknown,
    reconciles = false,
  ): BodyEnd | Promise<BodyEnd> {
    const { platform, engine, observer } = this.#attempt
    const { timeoutMs: limit = 0 } = this.#spec
    const timeoutMs = typeof limit === 'function' ? limit() : limit
    // An attempt that timed out, or whose model went silent, aborts its own signal; the next one needs a fresh one.
    const ends = timeoutMs > 0 || this.#spec.noun === 'model'
    const cancellation = ends ? new Cancellation(this.#cancellation) : this.#cancellation
    const run = new StepRunContext(this, cancellation)
    const effect = observer?.effect(this.#facts(reconciles))
    const work = effect === undefined ? () => body(run) : () => effect.within(() => body(run, effect.tell))
    const end = runBody(work, {
      platform,
      cancellation,
      what: `The ${this.#spec.noun} "${this.#ask.key}"`,
      noun: this.#spec.noun,
      timeoutMs,
      abortGraceMs: engine.timing.abortGraceMs,
      began: () => this.#attempt.bodyBegan(),
      ended: (ended) => {
        if (ends) cancellation.dispose()
        if (effect !== undefined) tellEnd(effect, ended)
        this.#attempt.bodyEnded()
      },
    })
    if (end instanceof Promise) return end
    if (ends) cancellation.dispose()
    if (effect !== undefined) tellEnd(effect, end)
    return end
  }

  #facts(reconciles: boolean): EffectRun {
    const { name, noun, facts } = this.#spec
    const { key, scope } = this.#ask
    return {
      key,
      scope,
      name,
      noun,
      attempt: this.#number,
      reconciles,
      facts: facts?.(this.#number),
      asked: this.#asked,
    }
  }

  /** The effect was started by a process that died: ask the outside world, never run it again. */
  async #reconcile(): Promise<BodyEnd | undefined> {
    const error = unknownOutcome(this.#spec.noun, this.#ask.key)
    const unknown: BodyEnd = { status: 'failed', error, timedOut: false }
    if (this.#spec.reconcile === undefined) return unknown
    const end = await this.#runOnce((run) => this.#spec.reconcile?.(run), true)
    if (end.status === 'failed')
      return this.#isAborted && isAbort(end.error, this.#cancellation.reason) ? undefined : end
    // Only a clear answer counts: anything else would record a guess about an effect of the outside world.
    const { value } = end
    const isDone = typeof value === 'object' && value !== null && 'done' in value
    return isDone ? { status: 'ok', value: value.done } : unknown
  }

  async #waitForRetry(error: unknown, delayMs: number, deferred: boolean): Promise<boolean> {
    this.#dueAt = deferred ? this.#attempt.platform.now() + delayMs : undefined
    const due = this.#dueAt === undefined ? {} : { dueAt: this.#dueAt }
    const record = { ...this.#ask, attempt: this.#number, error: serializeError(error), delayMs, ...due }
    this.#attempt.observer?.retried(this.#spec.noun)
    await this.#attempt.append({ type: 'step.retried', data: record })
    this.#number++
    if (deferred) return true
    return new Promise((resolve) => {
      const timer = this.#attempt.platform.timer(delayMs, () => {
        stopListening()
        resolve(true)
      })
      const stopListening = this.#cancellation.onAbort(() => {
        timer.cancel()
        resolve(false)
      })
    })
  }

  #leaveUnrecorded(): void {
    const { noun, label } = this.#spec
    this.#attempt.endUnrecorded(noun, this.#ask.key, this.#scope, label?.(undefined) ?? {})
  }

  #record(outcome: ResultOutcome, end: BodyEnd): void {
    if (this.#attempt.over) return
    const { effect, reconcile, label, noun, also } = this.#spec
    const once = effect === 'once' && !this.#denied
    const facts = label?.(outcome.status === 'ok' && end.status === 'ok' ? end.value : undefined)
    const data: Built<ResultData> = resultOf(this.#ask, outcome)
    if (this.#inputHash !== undefined) data.inputHash = this.#inputHash
    data.attempt = this.#number
    data.startedAt = this.#startedAt
    if (once) data.once = true
    if (once && reconcile !== undefined) data.reconcilable = true
    if (facts !== undefined) data.label = facts
    if (noun === 'model') this.#attempt.budget?.finished(this.#ask.key, data)
    if (outcome.status === 'ok')
      for (const event of also?.() ?? []) this.#attempt.writer.write(event, nothing)
    if (this.#place?.kept !== undefined) this.#attempt.writer.write(this.#place.kept, nothing)
    this.#attempt.recordResult(`${noun}.finished` as ResultType, data)
  }

  /** A value that cannot be stored is a failure of the step, recorded like any other and not tried again. */
  #encode(end: BodyEnd): ResultOutcome | Promise<ResultOutcome> {
    if (end.status === 'failed') return { status: 'failed', error: serializeError(end.error) }
    try {
      const encoded = encodeValue(end.value, `The result of "${this.#ask.key}"`, this.#attempt.engine.blobs)
      if (encoded instanceof Promise) return encoded.then(({ stored }) => ({ status: 'ok', ...stored }))
      return { status: 'ok', ...encoded.stored }
    } catch (error) {
      if (!HarnessError.is(error, 'validation/value')) throw error
      return { status: 'failed', error: serializeError(error) }
    }
  }
}

const nothing = (): void => undefined

function resultOf(ask: AskRecord, outcome: ResultOutcome): ResultData {
  return { ...ask, ...outcome }
}

function tellEnd(effect: EffectObserver, end: BodyEnd): void {
  effect.bodyEnded(end.status === 'failed' ? serializeError(end.error) : undefined)
}
