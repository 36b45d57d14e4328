import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { defineAgent, defineHarness, defineTool } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import { scriptedModel, textTurn, toolCallTurn } from '@belay/testing'
import { z } from 'zod'

/**
 * A process that executes one agent's run and exports its spans by OTLP. Arguments: store file, URL of the collector,
 * and `hold` to stay in the tool until it is killed.
 */
const [file = '', url = '', way = ''] = process.argv.slice(2)
const note = (text: string): void => void process.send?.(text)
const provider = new TracerProvider({
  spanProcessors: [new SimpleSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
})
trace.setGlobalTracerProvider(provider)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

const look = defineTool({
  name: 'look',
  description: 'Looks.',
  input: z.object({}),
  effect: 'read',
  execute: async (_input, { signal }) => {
    note('in the tool')
    if (way === 'hold')
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return null
  },
})
const agent = defineAgent({ name: 'looker', model: 'fast', instructions: 'Look.', tools: [look] })
const harness = defineHarness({
  name: 'traced',
  models: {
    fast: scriptedModel(({ messages }) =>
      messages.at(-1)?.role === 'tool'
        ? textTurn('seen', { inputTokens: 30, outputTokens: 7 })
        : toolCallTurn([{ name: 'look', arguments: {} }], { inputTokens: 20, outputTokens: 5 }),
    ),
  },
  agents: { agent },
  store: sqliteStore({ file }),
})
const session = await harness.getSession('s')
const output = await session.agents.agent.run('Look.', { durable: { runId: 'r' } })
await harness.shutdown()
await provider.shutdown()
note(`output ${output}`)
process.disconnect()
