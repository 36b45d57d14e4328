import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { defineHarness } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import { expect, test } from 'vitest'
import { tempFolder } from '../src/index.ts'
import { startCollector } from './support/collector-stand-in.ts'

const main = new URL('../src/processes/traced-worker-main.ts', import.meta.url)

/** Resolves with the note when the process sends it. */
function noted(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (note) => void (note === text && resolve()))
    child.once('exit', (code) => reject(new Error(`The process ended with ${code} before "${text}".`)))
  })
}

test('spans reach a collector by OTLP; their usage is the summary, also after a kill [TEL-4, TEL-8, TEL-9]', async () => {
  const folder = tempFolder()
  await using collector = await startCollector()
  const file = folder.file('runs.db')
  const start = (way: string) => fork(main, [file, collector.url, way], { execArgv: [] })

  const first = start('hold')
  await noted(first, 'in the tool')
  await collector.arrived(({ name }) => name.startsWith('chat '))
  const gone = once(first, 'exit')
  first.kill('SIGKILL')
  await gone
  expect(collector.spans.map(({ name }) => name)).not.toContain('belay.run')

  const second = start('go')
  const ended = once(second, 'exit')
  await noted(second, 'output seen')
  await ended
  const run = await collector.arrived(({ name }) => name === 'belay.run')

  const control = defineHarness({
    name: 'control',
    models: {},
    store: sqliteStore({ file }),
    telemetry: false,
  })
  const summary = await control.runs.summary('r')
  const started = (await control.runs.audit('r').next()).value as { trace?: { traceparent: string } }
  await control.shutdown()
  folder.remove()

  const sum = (attribute: string): number =>
    collector.spans
      .filter(({ name }) => name.startsWith('chat '))
      .reduce((total, { attributes }) => total + Number(attributes[attribute] ?? 0), 0)
  expect(summary).toMatchObject({ state: 'succeeded', attempt: 2, modelCalls: 2, toolCalls: 1 })
  expect(summary.inputTokens).toBeGreaterThan(0)
  expect(sum('gen_ai.usage.input_tokens')).toBe(summary.inputTokens)
  expect(sum('gen_ai.usage.output_tokens')).toBe(summary.outputTokens)
  expect(Number(run.attributes['belay.run.input_tokens'])).toBe(summary.inputTokens)
  // The first attempt died with its process, and its place in a trace is known all the same.
  expect(run.links).toEqual([started.trace?.traceparent.split('-')[2]])
  const traces = new Set(collector.spans.map(({ traceId }) => traceId))
  expect(traces.size).toBe(2)
  expect(collector.spans.filter(({ name }) => name === 'execute_tool look')).toHaveLength(1)
})
