import { SpanKind, type Attributes, type Context } from '@opentelemetry/api'
import { errorType } from '../feed/redact.ts'
import type { ErrorRecord } from '../errors/serialize.ts'
import type { LabelRecord, ResultData } from '../history/event.ts'
import type { TurnRecord } from '../history/conversation.ts'
import type { EffectDetail, EffectObserver, EffectRun } from '../run/observer.ts'
import type { AttemptTelemetry } from './attempt-telemetry.ts'
import { defined } from './attribute-values.ts'
import { quietly } from './guard.ts'
import { OpenSpan } from './spans.ts'

/**
 * One execution of a body: the span `chat`, `execute_tool` or `belay.step`. It ends when the body has failed or its
 * result is recorded. Usage is put on it with the record, so that the sum over spans is what the run's summary
 * says: an answer that was lost with its process is paid for and is in neither.
 */
export class EffectTelemetry implements EffectObserver {
  readonly #attempt: AttemptTelemetry
  readonly #run: EffectRun
  readonly #span: OpenSpan
  readonly #startedAt: number
  #response: EffectDetail['response']
  #measured = false

  constructor(attempt: AttemptTelemetry, run: EffectRun, parent: Context) {
    this.#attempt = attempt
    this.#run = run
    const { tracer, platform } = attempt.init
    const { name, kind, attributes } = spanOf(attempt, run)
    this.#span = new OpenSpan(tracer, name, { kind, attributes }, parent)
    this.#startedAt = platform.monotonic()
  }

  /** Where what it does belongs. */
  get context(): Context {
    return this.#span.context
  }

  within<T>(body: () => T): T {
    return this.#span.within(body)
  }

  tell({ request, response, input }: EffectDetail): void {
    const attempt = this.#attempt
    const captures = attempt.init.options.contentCapture
    if (request !== undefined) {
      this.#span.add(attempt.say((dialect) => dialect.request(request)))
      if (captures) this.#span.add(attempt.say(({ content }) => content.messages(request)))
    }
    if (response !== undefined) {
      this.#response = response
      this.#span.add(attempt.say((dialect) => dialect.response(response)))
    }
    if (input !== undefined && captures)
      this.#span.add(attempt.say(({ content }) => content.toolInput(input)))
  }

  bodyEnded(error?: ErrorRecord): void {
    const failure = error === undefined ? undefined : errorType(error)
    quietly(() => this.#measureDuration(failure))
    if (failure !== undefined) this.#span.end(failure)
  }

  /** Its result is in the journal. */
  recorded(data: ResultData): void {
    const failure = data.status === 'failed' ? errorType(data.error) : undefined
    if (data.label !== undefined && this.#run.noun === 'model') this.#recordTurn(data, data.label)
    if (this.#run.noun === 'tool') this.#recordToolCall(data)
    this.#span.end(failure)
  }

  /** The attempt is over and will not record it. */
  abandon(failure: string | undefined): void {
    quietly(() => this.#measureDuration(failure ?? 'operation/cancelled'))
    this.#span.end(failure ?? 'operation/cancelled')
  }

  #recordTurn(data: ResultData, label: LabelRecord): void {
    const attempt = this.#attempt
    const { instruments, options } = attempt.init
    this.#span.add(attempt.say((dialect) => dialect.turn(label)))
    const isChat = this.#run.facts?.model?.operation === 'chat'
    if (isChat && options.contentCapture && data.status === 'ok' && data.value !== undefined) {
      const turn = data.value as unknown as TurnRecord
      this.#span.add(attempt.say(({ content }) => content.answer(turn)))
    }
    const { inputTokens, outputTokens } = label.usage ?? {}
    const common = this.#modelAttributes()
    if (inputTokens !== undefined)
      instruments?.tokenUsage.record(inputTokens, { ...common, 'gen_ai.token.type': 'input' })
    if (outputTokens !== undefined)
      instruments?.tokenUsage.record(outputTokens, { ...common, 'gen_ai.token.type': 'output' })
  }

  #recordToolCall(data: ResultData): void {
    const attempt = this.#attempt
    const { instruments, options } = attempt.init
    if (options.contentCapture && data.status === 'ok' && data.value !== undefined)
      this.#span.add(attempt.say(({ content }) => content.toolOutput(data.value)))
    instruments?.toolCalls.add(1, {
      ...attempt.bound,
      'gen_ai.tool.name': this.#run.facts?.tool?.name ?? '_OTHER',
      'belay.step.status': data.status,
    })
  }

  /** One measurement for each request, also for one that failed or was given up. */
  #measureDuration(failure: string | undefined): void {
    if (this.#measured || this.#run.noun !== 'model') return
    this.#measured = true
    const { platform, instruments } = this.#attempt.init
    const seconds = (platform.monotonic() - this.#startedAt) / 1_000
    instruments?.operationDuration.record(
      seconds,
      defined({ ...this.#modelAttributes(), 'error.type': failure }),
    )
  }

  #modelAttributes(): Attributes {
    const model = this.#run.facts?.model
    return defined({
      'gen_ai.operation.name': model?.operation,
      'gen_ai.provider.name': model?.provider,
      'gen_ai.request.model': model?.id,
      'gen_ai.response.model': this.#response?.model,
    })
  }
}

interface SpanStart {
  readonly name: string
  readonly kind: SpanKind
  readonly attributes: Attributes
}

function spanOf(attempt: AttemptTelemetry, run: EffectRun): SpanStart {
  const { runId, sessionId } = attempt.facts
  const { noun, facts, reconciles } = run
  const common = { 'belay.run.id': runId, 'belay.key': run.key, 'belay.step.attempt': run.attempt }
  if (noun === 'model' && facts?.model !== undefined) {
    const { model } = facts
    return {
      name: `${model.operation} ${model.id}`,
      kind: SpanKind.CLIENT,
      attributes: {
        ...attempt.say((dialect) => dialect.model(model, facts, sessionId)),
        ...common,
        'belay.model.alias': model.alias,
      },
    }
  }
  if (noun === 'tool' && facts?.tool !== undefined && !reconciles) {
    const { tool } = facts
    return {
      name: tool.name === undefined ? 'execute_tool' : `execute_tool ${tool.name}`,
      kind: SpanKind.INTERNAL,
      attributes: { ...attempt.say((dialect) => dialect.tool(tool, facts, sessionId)), ...common },
    }
  }
  return {
    name: 'belay.step',
    kind: SpanKind.INTERNAL,
    attributes: {
      ...attempt.say((dialect) => dialect.other(sessionId)),
      ...common,
      'belay.step.name': run.name,
      ...(reconciles && { 'belay.step.reconciles': true }),
    },
  }
}
