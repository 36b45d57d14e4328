import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { trace } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { exportTraces } from './trace-export.ts'

test('nothing is registered unless it is asked for', () => {
  expect(exportTraces(false, {})).toBeUndefined()
  expect(exportTraces(false, { OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBeUndefined()
})

test('spans reach the endpoint of the environment by the end of the program', async () => {
  const bodies: { readonly url: string | undefined; readonly body: string }[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push({ url: request.url, body })
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const traces = exportTraces(false, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/`,
      OTEL_SERVICE_NAME: 'research',
    })
    trace.getTracer('test').startSpan('one span').end()
    expect(await traces?.close()).toBeUndefined()
    expect(bodies.map(({ url }) => url)).toEqual(['/v1/traces'])
    expect(bodies[0]?.body).toContain('one span')
    expect(bodies[0]?.body).toContain('research')
  } finally {
    server.close()
  }
})

test('a collector that is not there does not fail the program, and a line says so', async () => {
  const traces = exportTraces(true, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
  trace.getTracer('test').startSpan('lost').end()
  expect(await traces?.close()).toBe('Traces could not be sent to http://127.0.0.1:1.')
})
