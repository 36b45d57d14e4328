import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow } from '../src/index.ts'
import type { Store } from '../src/ports/index.ts'
import { collect, failureOf, only, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'

/** What happens in the tools, and how a test lets it go on. */
class Floor {
  /** Calls that execute now. */
  readonly inside: string[] = []
  /** Everything that began, ended or was aborted, in order. */
  readonly log: string[] = []
  readonly #ends = new Map<string, () => void>()

  async execute(id: string, signal: AbortSignal, deaf: boolean): Promise<string> {
    this.inside.push(id)
    this.log.push(`+${id}`)
    await new Promise<void>((resolve) => {
      this.#ends.set(id, resolve)
      signal.addEventListener('abort', () => (this.log.push(`!${id}`), deaf || resolve()))
    })
    this.inside.splice(this.inside.indexOf(id), 1)
    this.log.push(`-${id}`)
    signal.throwIfAborted()
    return id
  }

  end(id: string): void {
    this.#ends.get(id)?.()
  }
}

const input = z.object({ id: z.string(), deaf: z.boolean().default(false) })

function world(init: { owner?: string; store?: Store; clock?: ReturnType<typeof manualPlatform> } = {}) {
  const clock = init.clock ?? manualPlatform()
  const floor = new Floor()
  const execute = ({ id, deaf }: z.output<typeof input>, { signal }: { readonly signal: AbortSignal }) =>
    floor.execute(id, signal, deaf)
  const writes = { description: 'Writes.', input, execute, workspace: 'write' } as const
  const write = defineTool({ name: 'write', ...writes })
  const brief = defineTool({ name: 'brief', ...writes, timeoutMs: 1_000 })
  const edit = defineTool({ name: 'edit', ...writes, permission: 'ask' })
  const look = defineTool({ name: 'look', description: 'Looks.', input, execute, effect: 'read' })
  const tools = { write, brief, edit, look }
  const worker = defineAgent({
    name: 'worker',
    model: 'main',
    instructions: 'Work.',
    tools: Object.values(tools),
  })
  /** A model for all: the prompt is the list of calls to make, such as `write:a look:b`. */
  const turn: Turn = async ({ messages }) => {
    if (messages.at(-1)?.role === 'tool') return says('done')
    const prompt = messages.findLast(({ role }) => role === 'user')?.content
    const asked =
      typeof prompt === 'string' ? prompt : prompt?.map((part) => ('text' in part ? part.text : '')).join('')
    const list = (asked ?? '').split(' ').map((call) => call.split(':'))
    return calls(
      ...list.map(
        ([name = '', id = '']) => [id, name, { id: id.replace('?', ''), deaf: id.endsWith('?') }] as const,
      ),
    )
  }
  const children = defineWorkflow({
    name: 'children',
    input: z.array(z.string()),
    output: z.unknown(),
    agents: { worker },
    tools: { write, look },
    run: async (ctx, [own = '', first = '', second = '', ...items]) => {
      const ends = await Promise.allSettled([
        ctx.agents.worker(first, { key: 'first', timeoutMs: 60_000 }),
        ctx.agents.worker(second, { key: 'second' }),
        ctx.fanOut('items', items, (inner, item) => inner.agents.worker(item)),
        ctx.tools.write({ id: own }),
      ])
      return ends.map((end) => end.status)
    },
  })
  const beside = defineWorkflow({
    name: 'beside',
    input: z.string(),
    output: z.unknown(),
    agents: { worker },
    run: async (ctx, prompt) => [
      ...(await Promise.all([ctx.agents.worker(prompt), ctx.wait('go', { schema: z.string() })])),
    ],
  })
  const harness = defineHarness({
    name: 'test',
    models: { main: scriptedModel(Array.from({ length: 30 }, () => turn)) },
    agents: { worker },
    workflows: { children, beside },
    platform: init.owner === undefined ? clock : clock.process(init.owner),
    store: init.store ?? storeOn(clock),
  })
  return { clock, floor, harness }
}

const durable = { runId: 'r' }

describe("tools with workspace: 'write'", () => {
  test('of one turn run one at a time in the order of the calls, the others beside them [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const session = await harness.getSession('s')
    const result = session.agents.worker.run('write:a look:b write:c look:d write:e')
    await clock.settle()
    expect(floor.inside.toSorted()).toEqual(['a', 'b', 'd'])
    floor.end('d')
    floor.end('a')
    await clock.settle()
    expect(floor.inside).toEqual(['b', 'c'])
    floor.end('c')
    await clock.settle()
    expect(floor.inside).toEqual(['b', 'e'])
    floor.end('e')
    floor.end('b')
    expect(await clock.until(result)).toBe('done')
  })

  test('run one at a time over parallel children, fan-outs and their workflow [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const session = await harness.getSession('s')
    const asked = ['own', 'write:a look:b', 'look:c write:d', 'write:e', 'write:f look:g']
    const result = session.workflows.children.run(asked)
    const writers = new Set(['own', 'a', 'd', 'e', 'f'])
    const order: string[] = []
    for (let round = 0; round < writers.size; round++) {
      await clock.settle()
      const writing = only(floor.inside.filter((id) => writers.has(id)))
      order.push(writing)
      expect(floor.inside.filter((id) => !writers.has(id))).toHaveLength(3)
      floor.end(writing)
    }
    for (const id of ['b', 'c', 'g']) floor.end(id)
    expect(await clock.until(result)).toEqual(Array.from({ length: 4 }, () => 'fulfilled'))
    expect(order[0]).toBe('own')
    expect(new Set(order)).toEqual(writers)
  })

  test('of another run are not waited for [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const [one, two] = [await harness.getSession('1'), await harness.getSession('2')]
    const results = [one.agents.worker.run('write:a'), two.agents.worker.run('write:b')]
    await clock.settle()
    expect(floor.inside).toEqual(['a', 'b'])
    floor.end('a')
    floor.end('b')
    await clock.until(Promise.all(results))
  })

  test("may say 'write' or nothing", () => {
    const init = { name: 'x', description: 'x', input, execute: () => 1 }
    expect(thrownBy(() => defineTool({ ...init, workspace: 'read' as never })).code).toBe('config/definition')
    expect(defineTool(init).workspace).toBeUndefined()
  })
})

describe('a tool that waits for its turn', () => {
  test('is work in flight: the run does not suspend, also when all else waits [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const session = await harness.getSession('s')
    const handle = await session.workflows.beside.start('brief:a? write:b', { durable })
    await clock.advance(1_500)
    // The first is out of time and has its end, but its code is still at it.
    expect([floor.log, (await harness.runs.get('r'))?.state]).toEqual([['+a', '!a'], 'running'])
    floor.end('a')
    await clock.settle()
    expect(floor.log).toEqual(['+a', '!a', '-a', '+b'])
    floor.end('b')
    await clock.advance(1_000)
    expect((await harness.runs.get('r'))?.state).toBe('suspended')
    await harness.runs.signal('r', 'go', 'on')
    expect(await clock.until(handle.result)).toEqual(['done', 'on'])
  })

  test('waits for code that ignores its abort no longer than code may take to stop [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const session = await harness.getSession('s')
    const result = session.agents.worker.run('brief:a? write:b')
    await clock.advance(5_999)
    expect(floor.log).toEqual(['+a', '!a'])
    await clock.advance(1)
    expect(floor.log).toEqual(['+a', '!a', '+b'])
    floor.end('b')
    expect(await clock.until(result)).toBe('done')
    expect(clock.timers).toEqual([])
  })

  test('is left out when its child is stopped, and those behind it have their turn [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const session = await harness.getSession('s')
    const result = session.workflows.children.run(['own', 'write:a', 'write:b'], { timeoutMs: 0 })
    await clock.advance(60_000)
    expect(floor.log).toEqual(['+own'])
    floor.end('own')
    await clock.settle()
    expect(floor.log).toEqual(['+own', '-own', '+b'])
    floor.end('b')
    expect(await clock.until(result)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  })

  test('never executes when its run is cancelled, and nothing of it is left [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const session = await harness.getSession('s')
    const handle = await session.workflows.children.start(['own', 'write:a', 'write:b', 'write:c'], {
      durable,
    })
    await clock.settle()
    await handle.cancel()
    expect((await failureOf(clock.until(handle.result))).code).toBe('run/cancelled')
    expect([floor.log, clock.timers]).toEqual([['+own', '!own', '-own'], []])
    const types = (await collect(harness.runs.events('r'))).map(({ type }) => type)
    expect(types.filter((type) => type === 'step.intended')).toHaveLength(1)
  })

  test('does not keep a cancelled run from its end, nor does code that lingers [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const session = await harness.getSession('s')
    const handle = await session.agents.worker.start('brief:a? write:b', { timeoutMs: 0 })
    await clock.advance(1_500)
    const end = failureOf(handle.result)
    await handle.cancel()
    await clock.settle()
    // Time stands still from here on.
    expect((await end).code).toBe('run/cancelled')
    expect([floor.log, clock.timers]).toEqual([['+a', '!a'], []])
  })

  test('has had no effect when its process dies; what is recorded is not executed again [AGT-13]', async () => {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    const store = mortalStore(shared)
    const first = world({ clock, store, owner: 'process-1' })
    const prompt = 'write:a write:b write:c look:d'
    void (await first.harness.getSession('s')).agents.worker.run(prompt, { durable }).catch(() => undefined)
    await clock.settle()
    first.floor.end('a')
    await clock.settle()
    expect(first.floor.log).toEqual(['+d', '+a', '-a', '+b'])
    store.die()
    clock.dead.add('process-1')
    const second = world({ clock, store: shared, owner: 'process-2' })
    const session = await second.harness.getSession('s')
    const result = session.agents.worker.run(prompt, { durable })
    await clock.settle()
    // The outcome of `b` is unknown, so it is not executed again; `c` had not begun.
    expect(second.floor.inside.toSorted()).toEqual(['c', 'd'])
    second.floor.end('c')
    second.floor.end('d')
    expect(await clock.until(result)).toBe('done')
    const [results] = (await session.history.list()).filter(({ role }) => role === 'tool')
    expect(results?.content).toMatchObject([
      { callId: 'a', output: 'a', isError: false },
      { callId: 'b', isError: true },
      { callId: 'c', output: 'c', isError: false },
      { callId: 'd', output: 'd', isError: false },
    ])
  })

  test('has its approval first: who waits for one keeps nobody waiting [AGT-13]', async () => {
    const { clock, floor, harness } = world()
    const session = await harness.getSession('s')
    const handle = await session.agents.worker.start('edit:a write:b write:c', { durable })
    await clock.settle()
    expect(floor.inside).toEqual(['b'])
    const { approvals } = harness
    await approvals.resolve(only(await approvals.list({ runId: 'r' })), { decision: 'allow' })
    await clock.advance(1_000)
    expect(floor.inside).toEqual(['b'])
    floor.end('b')
    await clock.settle()
    floor.end('c')
    await clock.settle()
    floor.end('a')
    expect(await clock.until(handle.result)).toBe('done')
    expect(floor.log).toEqual(['+b', '-b', '+c', '-c', '+a', '-a'])
  })
})
