import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { UsageError } from './usage-error.ts'

/** Spans on their way to a collector. */
export interface TraceExport {
  /**
   * Sends what is left, and says in a line when something could not be sent. Never rejects: a collector that is not
   * there must not fail the report.
   */
  close(): Promise<string | undefined>
}

/** How long the end of the program waits for a collector. */
const closeTimeoutMs = 3_000

/** Registers an SDK that sends spans by OTLP over HTTP, when it is asked for. Belay finds it by itself. */
export function exportTraces(
  asked: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): TraceExport | undefined {
  const endpoint = environment['OTEL_EXPORTER_OTLP_ENDPOINT']
  if (!asked && (endpoint === undefined || endpoint === '')) return undefined
  const base = (endpoint === undefined || endpoint === '' ? 'http://localhost:4318' : endpoint).replace(
    /\/+$/,
    '',
  )
  if (!URL.canParse(base)) throw new UsageError(`OTEL_EXPORTER_OTLP_ENDPOINT is not a URL: ${base}`)
  const exporter = new OTLPTraceExporter({ url: `${base}/v1/traces`, timeoutMillis: closeTimeoutMs })
  let isLost = false
  const send = exporter.export.bind(exporter)
  exporter.export = (spans, done) =>
    send(spans, (result) => {
      if (result.error !== undefined) isLost = true
      done(result)
    })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': environment['OTEL_SERVICE_NAME'] ?? 'belay-quickstart',
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return {
    close: async () => {
      await provider.shutdown().catch(() => (isLost = true))
      trace.disable()
      context.disable()
      return isLost ? `Traces could not be sent to ${base}.` : undefined
    },
  }
}
