import { defineAgent, defineHarness } from '@belay/core'
import { streamText } from 'ai'
import { deltaText, streamingAiSdkModel, streamingModel } from './delta-fixture.ts'
import { alternate, cpuOf, type Subject } from './measure.ts'
import type { Report } from './report.ts'

/** Deltas of one round. The AI SDK gets fewer: it needs ten times as long for each. */
const deltas = 100_000
const sdkDeltas = 20_000

/** One long answer as text deltas, read through the public stream: CPU per delta beside a raw generator and the AI SDK. */
export async function benchTextDeltas(report: Report, rounds: number): Promise<void> {
  const medians = await alternate([bareGenerator(), belay(), aiSdk()], rounds)
  const belayCost = medians.get('belay') ?? 0
  const sdkCost = medians.get('ai-sdk') ?? 0
  const bareCost = medians.get('bare') ?? 0
  report.add({
    what: `text deltas through the public stream, ${deltas} of one answer, against the AI SDK’s streamText`,
    values: {
      'belay, CPU µs per delta': belayCost,
      'AI SDK, CPU µs per delta': sdkCost,
      'raw async generator, CPU µs per delta': bareCost,
      'belay / raw async generator': belayCost / bareCost,
    },
    ratio: belayCost / sdkCost,
    ratioOf: 'Belay’s CPU per delta / the AI SDK’s',
    bar: { atMost: 2 / 26 },
  })
}

function belay(): Subject {
  const writer = defineAgent({ name: 'writer', model: 'fast', instructions: 'Write.' })
  const models = { fast: streamingModel(deltas) }
  const harness = defineHarness({ name: 'bench', models, agents: { writer } })
  let sessions = 0
  return {
    name: 'belay',
    round: async () => {
      const session = await harness.getSession(`session-${sessions++}`)
      const cost = await cpuOf(async () => {
        let seen = 0
        for await (const event of session.agents.writer.stream('Go on.')) {
          if (event.type === 'model.delta') seen += event.text.length
        }
        expectLength(seen, deltas)
      })
      await session.close()
      return cost / deltas
    },
  }
}

function aiSdk(): Subject {
  const model = streamingAiSdkModel(sdkDeltas)
  return {
    name: 'ai-sdk',
    round: async () => {
      const cost = await cpuOf(async () => {
        let seen = 0
        for await (const text of streamText({ model, prompt: 'Go on.' }).textStream) seen += text.length
        expectLength(seen, sdkDeltas)
      })
      return cost / sdkDeltas
    },
  }
}

/** What the deltas cost when nothing is between the model and its reader. */
function bareGenerator(): Subject {
  const model = streamingModel(deltas)
  return {
    name: 'bare',
    round: async () => {
      const cost = await cpuOf(async () => {
        let seen = 0
        const { signal } = new AbortController()
        for await (const part of model.generate({ messages: [] }, { signal })) {
          if (part.type === 'text-delta') seen += part.text.length
        }
        expectLength(seen, deltas)
      })
      return cost / deltas
    },
  }
}

/** A reader that lost deltas did not do the work. */
function expectLength(seen: number, count: number): void {
  if (seen !== count * deltaText.length)
    throw new Error(`The reader saw ${seen} characters of ${count} deltas.`)
}
