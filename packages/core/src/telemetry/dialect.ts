import type { Attributes } from '@opentelemetry/api'
import type { LabelRecord } from '../history/event.ts'
import type { TurnRecord } from '../history/conversation.ts'
import type { ModelRequest } from '../ports/index.ts'
import type { EffectDetail, EffectFacts } from '../run/observer.ts'
import { genai } from './genai-dialect.ts'
import { openInference } from './openinference-dialect.ts'
import type { TelemetryFlavor } from './telemetry-options.ts'

/** Facts of an agent's span. */
export interface AgentSpanFacts {
  readonly agent: string
  readonly version?: string
  readonly sessionId: string
}

/** How one set of conventions names what spans say. Each function gives attributes of one moment of a span. */
export interface Dialect {
  /** A run, a step or anything else that has no name of its own in the conventions. */
  other(sessionId: string): Attributes
  agent(facts: AgentSpanFacts): Attributes
  model(model: NonNullable<EffectFacts['model']>, facts: EffectFacts, sessionId: string): Attributes
  request(request: ModelRequest): Attributes
  response(response: NonNullable<EffectDetail['response']>): Attributes
  turn(label: LabelRecord): Attributes
  tool(tool: NonNullable<EffectFacts['tool']>, facts: EffectFacts, sessionId: string): Attributes
  /** Content: only asked for when it may be captured. */
  readonly content: {
    messages(request: ModelRequest): Attributes
    answer(turn: TurnRecord): Attributes
    toolInput(input: unknown): Attributes
    toolOutput(output: unknown): Attributes
  }
}

const byFlavor: Readonly<Record<TelemetryFlavor, readonly Dialect[]>> = {
  genai: [genai],
  openinference: [openInference],
  dual: [genai, openInference],
}

/** Attributes in the words of a flavor. */
export function attributesIn(flavor: TelemetryFlavor, say: (dialect: Dialect) => Attributes): Attributes {
  return Object.assign({}, ...byFlavor[flavor].map(say)) as Attributes
}
