import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

class PullReader extends MetricReader {
  protected override onForceFlush = async (): Promise<void> => undefined
  protected override onShutdown = async (): Promise<void> => undefined
}

/** The real SDK in memory. */
export function collectTelemetry() {
  const exporter = new InMemorySpanExporter()
  const reader = new PullReader()
  const telemetry = {
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    meterProvider: new MeterProvider({ readers: [reader] }),
  }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return {
    telemetry,
    spans: () => exporter.getFinishedSpans(),
    /** Everything of the spans that an exporter may send. */
    spanText: () =>
      JSON.stringify(
        exporter.getFinishedSpans().map(({ name, attributes, events, links, status }) => ({
          name,
          attributes,
          events,
          links,
          status,
        })),
      ),
    metricText: async () => JSON.stringify((await reader.collect()).resourceMetrics.scopeMetrics),
    [Symbol.dispose]: () => context.disable(),
  }
}
