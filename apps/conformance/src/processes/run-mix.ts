import {
  defineAgent,
  defineHarness,
  defineTool,
  defineWorkflow,
  inMemoryStore,
  toSSE,
  type Session,
} from '@belay/core'
import { portSpecs, type Model } from '@belay/core/ports'
import { z } from 'zod'

/** Answers every request: first with a call of the tool, then with a text; silent where the prompt asks for it. */
export const mixModel = (tool: string): Model => ({
  info: {
    id: 'mix',
    packageName: '@belay/conformance',
    version: '1.0.0',
    specs: { model: portSpecs.model },
    capabilities: [],
  },
  provider: 'mix',
  modelId: 'mix',
  capabilities: ['text', 'tools'],
  async *generate(request, { signal }) {
    const usage = { inputTokens: 1, outputTokens: 1 }
    const last = request.messages.at(-1)
    if (last?.role === 'user' && JSON.stringify(last.content).includes('silence')) {
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      })
    }
    if (last?.role === 'tool') {
      yield { type: 'text-delta', text: 'done' }
      yield { type: 'finish', reason: 'stop', usage }
      return
    }
    yield { type: 'tool-call', callId: 'c', name: tool, arguments: '{}' }
    yield { type: 'finish', reason: 'tool_calls', usage }
  },
})

const act = defineTool({
  name: 'act',
  description: 'Acts.',
  input: z.object({}),
  effect: 'read',
  execute: () => 1,
})
const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [act] })

/** One workflow that does what its input says. Its children keep their messages to themselves: a conversation is meant to stay. */
const flow = defineWorkflow({
  name: 'flow',
  input: z.string(),
  output: z.string(),
  agents: { helper },
  run: async (ctx, way) => {
    if (way === 'wait') {
      await ctx.agents.helper('go', { history: 'own' })
      return String(await ctx.wait('go'))
    }
    if (way === 'fail') return ctx.step('risky', () => Promise.reject(new Error('bad luck')))
    if (way === 'fan') {
      const all = await ctx.fanOut('items', [1, 2, 3], (inner, item) => inner.agents.helper(`${item}`))
      return all.join()
    }
    if (way === 'late') {
      // Code that no signal reaches, and that asks for more once its run has ended.
      await new Promise<void>((resolve) => late.push(resolve))
      return ctx.step('late', () => 'nobody hears of it')
    }
    if (way === 'refuse') {
      const refused = ctx.agents.helper('go', { key: 'late', signal: AbortSignal.abort() })
      return refused.catch(() => 'refused')
    }
    return ctx.agents.helper(way, { history: 'own' })
  },
})

/** What lets the workflows go on that were left behind. */
const late: (() => void)[] = []

const mixHarness = () =>
  defineHarness({
    name: 'mix',
    models: { main: mixModel('act') },
    workflows: { flow },
    store: inMemoryStore({ keepFinishedRuns: 100 }),
  })

type MixHarness = ReturnType<typeof mixHarness>
type MixSession = Session<Record<never, never>, { flow: typeof flow }>
type Way = (runnable: MixSession['workflows']['flow'], session: MixSession) => Promise<unknown>

/** Runs of many kinds, one after the other in each lane. */
export interface Mix {
  /** Sessions that are used at once; the runs of each come one after the other. */
  readonly lanes: number
  /** How many runs of each kind there were. */
  readonly ways: Readonly<Record<string, number>>
  readonly runs: number
  next(lane: number): Promise<void>
  close(): Promise<void>
}

/** Runs that end in every way that there is, on a store that keeps few finished ones. */
export class RunMix implements Mix {
  readonly lanes = 20
  readonly ways: Record<string, number> = {}
  runs = 0
  readonly #harness = mixHarness()
  readonly #each: readonly (readonly [string, Way])[]

  /** @param signal given to many runs, and never aborted */
  constructor(signal: AbortSignal) {
    this.#each = Object.entries(waysOf(this.#harness, signal))
  }

  async next(lane: number): Promise<void> {
    const [name, run] = this.#each[this.runs % this.#each.length] ?? ['none', async () => undefined]
    this.runs++
    this.ways[name] = (this.ways[name] ?? 0) + 1
    const session = await this.#harness.getSession(`lane-${lane}`)
    await run(session.workflows.flow, session)
  }

  close(): Promise<void> {
    return this.#harness.shutdown()
  }
}

function waysOf(harness: MixHarness, signal: AbortSignal): Readonly<Record<string, Way>> {
  return {
    succeeded: async (runnable) => runnable.run('go', { signal }),
    streamed: async (runnable) => {
      for await (const event of runnable.stream('go')) if (event.type === 'run.finished') break
    },
    left: async (runnable) => {
      const handle = await runnable.start('go')
      for await (const event of handle.events()) if (event.type === 'run.started') break
      await handle.result
    },
    'sent to a client that left': async (runnable) => {
      const handle = await runnable.start('go')
      const reader = toSSE(handle).getReader()
      await reader.read()
      await reader.cancel()
      await handle.result
    },
    cancelled: async (runnable) => {
      const handle = await runnable.start('silence', { signal })
      await handle.cancel()
      await handle.result.catch(ignore)
    },
    aborted: async (runnable) => {
      const caller = new AbortController()
      const handle = await runnable.start('silence', { signal: caller.signal })
      caller.abort()
      await handle.result.catch(ignore)
    },
    'timed out': async (runnable) => runnable.run('silence', { timeoutMs: 5, signal }).catch(ignore),
    'suspended and resumed': async (runnable) => {
      const handle = await runnable.start('wait', { signal })
      for await (const event of handle.events()) if (event.type === 'run.suspended') break
      await harness.runs.signal(handle.id, 'go', 'on')
      await handle.result
    },
    'suspended and cancelled': async (runnable) => {
      const handle = await runnable.start('wait', { signal })
      for await (const event of handle.events()) if (event.type === 'run.suspended') break
      await harness.runs.cancel(handle.id)
      await handle.result.catch(ignore)
    },
    'cancelled, and goes on': async (runnable) => {
      const handle = await runnable.start('late', { signal })
      await handle.cancel()
      await handle.result.catch(ignore)
      for (const goOn of late.splice(0)) goOn()
    },
    failed: async (runnable) => runnable.run('fail').catch(ignore),
    'fanned out': async (runnable) => runnable.run('fan'),
    'refused inside': async (runnable) => runnable.run('refuse'),
    refused: async (runnable, session) => {
      const handle = await runnable.start('go', { signal })
      await runnable.run('go', { signal }).catch(ignore)
      await runnable.run('go', { signal: AbortSignal.abort() }).catch(ignore)
      await runnable.run(1 as never).catch(ignore)
      await session.close().catch(ignore)
      await handle.result
    },
  }
}

const ignore = (): undefined => undefined
