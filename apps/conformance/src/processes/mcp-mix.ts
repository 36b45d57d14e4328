import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineAgent, defineHarness, defineWorkflow, inMemoryStore } from '@belay/core'
import { localSandbox } from '@belay/local-sandbox'
import { mcp } from '@belay/mcp'
import { z } from 'zod'
import { mixModel, type Mix } from './run-mix.ts'

const server = fileURLToPath(
  new URL('../../../../packages/mcp/test/client/fixtures/stdio-server.mjs', import.meta.url),
)

/** Runs that call a program of the model context protocol, which stays in the sandbox of its session all the while. */
export class McpMix implements Mix {
  readonly lanes = 2
  readonly ways: Record<string, number> = { called: 0 }
  runs = 0
  readonly #harness

  constructor(root: string) {
    const transport = { type: 'stdio', command: process.execPath, args: [server] } as const
    const agent = defineAgent({
      name: 'agent',
      model: 'main',
      instructions: 'Go.',
      tools: [mcp({ name: 'boxed', transport })],
    })
    const flow = defineWorkflow({
      name: 'flow',
      input: z.null(),
      output: z.string(),
      agents: { agent },
      run: (ctx) => ctx.agents.agent('go', { history: 'own' }),
    })
    this.#harness = defineHarness({
      name: 'mcp-mix',
      models: { main: mixModel('boxed_echo') },
      workflows: { flow },
      store: inMemoryStore({ keepFinishedRuns: 100 }),
      sandbox: localSandbox({
        root,
        exec: true,
        readOnlyPaths: [dirname(process.execPath), dirname(server)],
      }),
    })
  }

  async next(lane: number): Promise<void> {
    this.runs++
    this.ways['called'] = this.runs
    const session = await this.#harness.getSession(`lane-${lane}`)
    await session.workflows.flow.run(null)
  }

  close(): Promise<void> {
    return this.#harness.shutdown()
  }
}
