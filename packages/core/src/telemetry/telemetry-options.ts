import { invalidDefinition } from '../define/check.ts'
import type { Telemetry } from '../ports/index.ts'

/** Which conventions the attributes of spans follow. */
export type TelemetryFlavor = 'genai' | 'openinference' | 'dual'

/** What `defineHarness({ telemetry })` takes. */
export interface TelemetryOptions extends Telemetry {
  /** OpenTelemetry's conventions for generative AI, those of OpenInference, or both. Default `genai`. */
  readonly flavor?: TelemetryFlavor
  /**
   * Puts messages and the inputs and outputs of tools on spans; never into logs or metrics. Default: what
   * `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says, else off.
   */
  readonly contentCapture?: boolean
}

/** Options with nothing left open. */
export interface ResolvedTelemetry extends Telemetry {
  readonly flavor: TelemetryFlavor
  readonly contentCapture: boolean
}

const flavors: readonly unknown[] = ['genai', 'openinference', 'dual']

/** Names what the variable may say for content on spans; in other SDKs it may also name events, which are not made here. */
const capturing = /^(?:true|span_only|span_and_event)$/i

/** `undefined`: switched off. Throws `config/definition`. */
export function resolveTelemetry(
  what: string,
  options: TelemetryOptions | false = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedTelemetry | undefined {
  if (options === false) return undefined
  const { tracerProvider, meterProvider, flavor = 'genai', contentCapture } = options
  if (!flavors.includes(flavor))
    invalidDefinition(`${what}: telemetry.flavor is not valid: use 'genai', 'openinference' or 'dual'.`)
  if (contentCapture !== undefined && typeof contentCapture !== 'boolean')
    invalidDefinition(`${what}: telemetry.contentCapture is not valid: use true or false.`)
  if (tracerProvider !== undefined && typeof tracerProvider.getTracer !== 'function')
    invalidDefinition(`${what}: telemetry.tracerProvider has no getTracer.`)
  if (meterProvider !== undefined && typeof meterProvider.getMeter !== 'function')
    invalidDefinition(`${what}: telemetry.meterProvider has no getMeter.`)
  return {
    flavor,
    contentCapture:
      contentCapture ??
      capturing.test(environment['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'] ?? ''),
    ...(tracerProvider !== undefined && { tracerProvider }),
    ...(meterProvider !== undefined && { meterProvider }),
  }
}

/** What adapters see of it. */
export function telemetryPort(resolved: ResolvedTelemetry | undefined): Telemetry | undefined {
  if (resolved === undefined) return undefined
  const { flavor: _flavor, contentCapture: _capture, ...port } = resolved
  return port
}
