import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** One span as OTLP's JSON has it, with plain attributes. */
export interface CollectedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly string[]
}

/** A loopback server that takes traces by OTLP over HTTP. */
export interface CollectorStandIn extends AsyncDisposable {
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  /** The first span that matches, once it has arrived. */
  arrived(matches: (span: CollectedSpan) => boolean): Promise<CollectedSpan>
}

interface OtlpSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes?: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
  readonly links?: readonly { readonly spanId: string }[]
}

interface OtlpTraces {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[]
  }[]
}

export async function startCollector(): Promise<CollectorStandIn> {
  const spans: CollectedSpan[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      spans.push(...spansOf(body as OtlpTraces))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      for (const look of [...waiting]) look()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans,
    arrived: (matches) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = spans.find(matches)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function spansOf({ resourceSpans = [] }: OtlpTraces): CollectedSpan[] {
  return resourceSpans
    .flatMap(({ scopeSpans = [] }) => scopeSpans.flatMap(({ spans = [] }) => spans))
    .map(({ name, traceId, spanId, parentSpanId, attributes = [], links = [] }) => ({
      name,
      traceId,
      spanId,
      parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
      attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
      links: links.map((link) => link.spanId),
    }))
}
