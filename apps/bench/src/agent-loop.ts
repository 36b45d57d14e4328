import { defineAgent, defineHarness, defineTool } from '@belay/core'
import type { Message, ModelPart } from '@belay/core/ports'
import { ToolLoopAgent, tool } from 'ai'
import { z } from 'zod'
import { answerText, instantAiSdkModel, instantModel } from './loop-fixture.ts'
import { alternate, cpuOf, type Subject } from './measure.ts'
import type { Report } from './report.ts'

const runsPerRound = 500
/** What a service costs that runs for a while; the runs before are reported beside it. */
const warmUpRounds = 8
const input = z.object({ city: z.string() })
const lookUp = ({ city }: { city: string }): { sky: string } => ({
  sky: city === 'Lisbon' ? 'sunny' : 'unknown',
})

/** Model, tool, model, in memory: CPU per run beside a bare loop and the AI SDK's agent. */
export async function benchAgentLoop(report: Report, rounds: number): Promise<void> {
  const subjects = [bareLoop(), belay(), aiSdk()]
  const first = await alternate(subjects, 1, 0)
  const medians = await alternate(subjects, rounds, warmUpRounds)
  const belayCost = medians.get('belay') ?? 0
  const sdkCost = medians.get('ai-sdk') ?? 0
  const bareCost = medians.get('bare') ?? 0
  report.add({
    what: 'agent loop (model, tool, model), in memory, against the AI SDK’s ToolLoopAgent',
    values: {
      'belay, CPU µs per run': belayCost,
      'AI SDK, CPU µs per run': sdkCost,
      'bare loop, CPU µs per run': bareCost,
      'belay / bare loop': belayCost / bareCost,
      [`belay / AI SDK, first ${runsPerRound} runs of the process`]:
        (first.get('belay') ?? 0) / (first.get('ai-sdk') ?? 0),
    },
    ratio: belayCost / sdkCost,
    ratioOf: 'Belay’s CPU per run / the AI SDK’s',
    bar: { atMost: 1 },
  })
}

function belay(): Subject {
  const weather = defineTool({
    name: 'weather',
    description: 'Looks up the sky over a city.',
    input,
    effect: 'read',
    execute: lookUp,
  })
  const agent = defineAgent({
    name: 'reporter',
    model: 'fast',
    instructions: 'Report the weather.',
    tools: [weather],
  })
  const harness = defineHarness({ name: 'bench', models: { fast: instantModel() }, agents: { agent } })
  let sessions = 0
  return {
    name: 'belay',
    round: async () => {
      const cost = await cpuOf(async () => {
        for (let run = 0; run < runsPerRound; run++) {
          const session = await harness.getSession(`session-${sessions++}`)
          expectAnswer(await session.agents.agent.run('How is the weather?'))
          await session.close()
        }
      })
      return cost / runsPerRound
    },
  }
}

function aiSdk(): Subject {
  const agent = new ToolLoopAgent({
    model: instantAiSdkModel(),
    instructions: 'Report the weather.',
    tools: {
      weather: tool({
        description: 'Looks up the sky over a city.',
        inputSchema: input,
        execute: async (city) => lookUp(city),
      }),
    },
  })
  return {
    name: 'ai-sdk',
    round: async () => {
      const cost = await cpuOf(async () => {
        for (let run = 0; run < runsPerRound; run++) {
          expectAnswer((await agent.generate({ prompt: 'How is the weather?' })).text)
        }
      })
      return cost / runsPerRound
    },
  }
}

/** What the loop costs without any harness. */
function bareLoop(): Subject {
  const model = instantModel()
  return {
    name: 'bare',
    round: async () => {
      const cost = await cpuOf(async () => {
        for (let run = 0; run < runsPerRound; run++) expectAnswer(await bareRun(model))
      })
      return cost / runsPerRound
    },
  }
}

async function bareRun(model: ReturnType<typeof instantModel>): Promise<string> {
  const { signal } = new AbortController()
  const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: 'How is the weather?' }] }]
  for (;;) {
    let text = ''
    let call: Extract<ModelPart, { type: 'tool-call' }> | undefined
    for await (const part of model.generate({ messages }, { signal })) {
      if (part.type === 'text-delta') text += part.text
      if (part.type === 'tool-call') call = part
    }
    if (call === undefined) return text
    const output = lookUp(input.parse(JSON.parse(call.arguments)))
    messages.push({ role: 'assistant', content: [call] })
    messages.push({
      role: 'tool',
      content: [{ type: 'tool-result', callId: call.callId, name: call.name, output, isError: false }],
    })
  }
}

function expectAnswer(text: string): void {
  if (text !== answerText) throw new Error(`The agent answered ${JSON.stringify(text)}.`)
}
