import { defineHarness, defineWorkflow, inMemoryStore, type Session, type StepSandbox } from '@belay/core'
import { localWorkspace } from '@belay/local-sandbox'
import { z } from 'zod'
import type { Mix } from './run-mix.ts'

const path = '/workspace/note.txt'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const note = (sandbox: StepSandbox, text: string): Promise<void> => sandbox.files.write(path, bytes(text))

/** One workflow that does to its files what its input says. */
const flow = defineWorkflow({
  name: 'flow',
  input: z.string(),
  output: z.string(),
  run: async (ctx, way) => {
    const kept = await ctx.step(
      'write',
      async ({ sandbox }) => {
        await note(sandbox, way === 'fresh' ? ctx.runId : 'the same in every run')
        return way
      },
      { workspace: 'write' },
    )
    if (way === 'wait') return String(await ctx.wait('go'))
    if (way === 'fail')
      await ctx.step(
        'fail',
        async ({ sandbox }) => {
          await note(sandbox, 'forgotten')
          throw new Error('bad luck')
        },
        { workspace: 'write' },
      )
    if (way === 'silence')
      await ctx.step(
        'silence',
        ({ signal }) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
          ),
        { workspace: 'write' },
      )
    await ctx.step('read', async ({ sandbox }) => (await sandbox.files.read(path))?.bytes.length ?? 0, {
      workspace: 'read',
    })
    return kept
  },
})

type FilesSession = Session<Record<never, never>, { flow: typeof flow }>
type Options = { readonly durable?: { readonly runId: string }; readonly signal: AbortSignal }
type Way = (runnable: FilesSession['workflows']['flow'], options: Options) => Promise<unknown>
const ignore = (): undefined => undefined

/** Runs with real files that end in every way, on a store that keeps few finished ones. */
export class FilesMix implements Mix {
  readonly lanes = 20
  readonly ways: Record<string, number> = {}
  runs = 0
  readonly #harness
  readonly #signal: AbortSignal
  readonly #each: readonly (readonly [string, Way])[]

  /** @param signal given to many runs, and never aborted */
  constructor(root: string, signal: AbortSignal) {
    this.#signal = signal
    this.#harness = defineHarness({
      name: 'files-mix',
      models: {},
      workflows: { flow },
      store: inMemoryStore({ keepFinishedRuns: 100 }),
      ...localWorkspace({ root }),
    })
    this.#each = Object.entries({
      'without a change': (runnable, options) => runnable.run('same', options),
      'with a change': (runnable, options) => runnable.run('fresh', options),
      failed: (runnable, options) => runnable.run('fail', options).catch(ignore),
      'timed out': (runnable, options) =>
        runnable.run('silence', { ...options, timeoutMs: 20 }).catch(ignore),
      cancelled: async (runnable, options) => {
        const handle = await runnable.start('silence', options)
        await handle.cancel()
        await handle.result.catch(ignore)
      },
      'suspended and resumed': async (runnable, options) => {
        const handle = await runnable.start('wait', options)
        for await (const event of handle.events()) if (event.type === 'run.suspended') break
        await this.#harness.runs.signal(handle.id, 'go', 'on')
        await handle.result
      },
    } satisfies Record<string, Way>)
  }

  async next(lane: number): Promise<void> {
    const number = this.runs++
    const [name, run] = this.#each[number % this.#each.length] ?? ['none', async () => undefined]
    // Every second round of the kinds shares the sandbox of its session, the others have one of their own.
    const isDurable = Math.floor(number / this.#each.length) % 2 === 0
    this.ways[name] = (this.ways[name] ?? 0) + 1
    const session = await this.#harness.getSession(`lane-${lane}`)
    await run(session.workflows.flow, {
      ...(isDurable && { durable: { runId: `run-${number}` } }),
      signal: this.#signal,
    })
  }

  close(): Promise<void> {
    return this.#harness.shutdown()
  }
}
