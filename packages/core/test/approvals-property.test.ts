import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { inboxStream, runStream } from '../src/feed/streams.ts'
import { defineAgent, defineHarness, defineTool, defineWorkflow, type Approval } from '../src/index.ts'
import type { Model, Store } from '../src/ports/index.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel } from './fixtures/scripted-model.ts'

/** What somebody does while the run goes on. */
type Move =
  | {
      readonly what: 'answer' | 'twice' | 'mutate' | 'forge' | 'replay'
      readonly which: number
      readonly allow: boolean
    }
  | { readonly what: 'kill' | 'cancel' | 'wait'; readonly which: number; readonly allow: boolean }

interface Plan {
  readonly children: number
  readonly callsEach: number
  readonly expires: boolean
  readonly moves: readonly Move[]
  /** The n-th process dies before this append. */
  readonly deaths: readonly number[]
}

const moves = [
  'answer',
  'answer',
  'answer',
  'twice',
  'mutate',
  'forge',
  'replay',
  'kill',
  'wait',
  'cancel',
] as const

const plans: fc.Arbitrary<Plan> = fc.record({
  children: fc.integer({ min: 1, max: 3 }),
  callsEach: fc.integer({ min: 1, max: 3 }),
  expires: fc.boolean(),
  moves: fc.array(
    fc.record({
      what: fc.constantFrom(...moves),
      which: fc.nat(8),
      allow: fc.boolean(),
    }) as fc.Arbitrary<Move>,
    { maxLength: 16 },
  ),
  deaths: fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 4 }),
})

const timeoutMs = 5_000

class World {
  readonly clock = manualPlatform()
  readonly store: Store
  /** How often each call was executed, by its key in the journal. */
  readonly paid = new Map<string, number>()
  readonly seen: Approval[] = []
  readonly plan: Plan
  #processes = 0
  #forged = 0
  process: { readonly harness: ReturnType<World['harness']>; readonly owner: string; die(): void } | undefined
  readonly desk: ReturnType<World['harness']>

  constructor(plan: Plan) {
    this.plan = plan
    const store = storeOn(this.clock)
    // Others write to it, so a process looks into the inbox by itself.
    this.store = { ...store, info: { ...store.info, capabilities: ['store.multi-process'] } }
    this.desk = this.harness('desk', { ...this.store, close: async () => undefined })
  }

  harness(owner: string, store: Store) {
    const { children, callsEach, expires } = this.plan
    const pay = defineTool({
      name: 'pay',
      description: 'Pays once.',
      input: z.object({ n: z.number() }),
      effect: 'once',
      permission: 'ask',
      execute: (_input, { idempotencyKey }) => {
        this.paid.set(idempotencyKey, (this.paid.get(idempotencyKey) ?? 0) + 1)
        return null
      },
    })
    const wanted = calls(...Array.from({ length: callsEach }, (_, n) => [`c${n}`, 'pay', { n }] as const))
    const model: Model = {
      ...scriptedModel([]),
      async *generate({ messages }) {
        yield* messages.at(-1)?.role === 'tool' ? says('done') : wanted
      },
    }
    const payer = defineAgent({ name: 'payer', model: 'm', instructions: 'Pay.', tools: [pay] })
    const flow = defineWorkflow({
      name: 'flow',
      input: z.null(),
      output: z.array(z.string()),
      agents: { payer },
      run: (ctx) =>
        ctx.fanOut(
          'each',
          Array.from({ length: children }, (_, index) => index),
          (item) => item.agents.payer('pay'),
        ),
    })
    return defineHarness({
      name: 'test',
      models: { m: model },
      workflows: { flow },
      store,
      platform: this.clock.process(owner),
      defaults: { approvalTimeoutMs: expires ? timeoutMs : 0 },
    })
  }

  /** A process that starts the run or goes on with it. */
  async boot(): Promise<void> {
    const owner = `p${this.#processes}`
    const death = this.plan.deaths[this.#processes++]
    let appends = 0
    const store = mortalStore(this.store, () => {
      if (++appends === death) this.kill()
    })
    this.process = { harness: this.harness(owner, store), owner, die: () => store.die() }
    const { harness } = this.process
    void harness
      .getSession('s')
      .then((session) => session.workflows.flow.start(null, { durable: { runId: 'r' } }))
      .then((handle) => handle.result)
      .catch(() => undefined)
    await this.clock.advance(200)
  }

  kill(): void {
    if (this.process === undefined) return
    this.process.die()
    this.clock.dead.add(this.process.owner)
    this.process = undefined
  }

  async move({ what, which, allow }: Move): Promise<void> {
    if (what === 'kill') this.kill()
    else if (what === 'wait') await this.clock.advance(timeoutMs / 2)
    else if (what === 'cancel') {
      // Seldom, or no plan would come to its end in another way.
      if (which === 0) await this.desk.runs.cancel('r').catch(() => undefined)
    } else await this.#decide(what, which, allow)
    if (this.process === undefined) await this.boot()
    await this.clock.advance(200)
  }

  async #decide(what: Move['what'], which: number, allow: boolean): Promise<void> {
    const open = await this.desk.approvals.list()
    for (const approval of open)
      if (!this.seen.some(({ approvalId }) => approvalId === approval.approvalId)) this.seen.push(approval)
    const from = what === 'replay' ? this.seen : open
    const approval = from[which % Math.max(1, from.length)]
    if (approval === undefined) return
    const decision = allow ? 'allow' : 'deny'
    const answer = (changed: Partial<Approval> = {}): Promise<unknown> =>
      this.desk.approvals.resolve({ ...approval, ...changed }, { decision }).catch((error: unknown) => error)
    if (what === 'mutate')
      expect(await answer({ arguments: { n: 99 } })).toMatchObject({ meta: { reason: 'mutated' } })
    else if (what === 'forge') await this.#forge(approval.approvalId)
    else await Promise.all(what === 'twice' ? [answer(), answer()] : [answer()])
  }

  async #forge(approvalId: string): Promise<void> {
    const data = { commandId: `f${++this.#forged}`, approvalId, binding: 'invented', decision: 'allow' }
    const entries = [{ type: 'command.approve', at: this.clock.now(), data }]
    await this.store.journal.append({ id: data.commandId, entries: [{ stream: inboxStream('r'), entries }] })
  }

  /** Answers what is left, until the run has ended. */
  async finish(): Promise<void> {
    for (let round = 0; round < 30; round++) {
      const state = (await this.desk.runs.get('r'))?.state
      if (state === 'succeeded' || state === 'cancelled') return
      if (this.process === undefined) await this.boot()
      for (let which = 0; which < 3; which++) await this.#decide('answer', which, round % 2 === 0)
      await this.clock.advance(12_000)
    }
  }
}

/** Keys of calls that a decision in the journal allowed. */
async function allowed(store: Store): Promise<Set<string>> {
  const entries = await store.journal.read(runStream('r'))
  return new Set(
    entries
      .filter(
        ({ type, data }) =>
          type === 'approval.resolved' && (data as { decision: string }).decision === 'allow',
      )
      .map(({ data }) => `r:${(data as { key: string }).key}`),
  )
}

const seed = Number(process.env['BELAY_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

it(`whatever is decided, forged and killed, a call happens at most once and only if allowed, seed ${seed} [APR-8, APR-10, APR-13]`, async () => {
  let executed = 0
  let deniedOrExpired = 0
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const world = new World(plan)
      await world.boot()
      for (const move of plan.moves) await world.move(move)
      await world.finish()
      const state = (await world.desk.runs.get('r'))?.state
      expect(['succeeded', 'cancelled']).toContain(state)
      const entries = await world.store.journal.read(runStream('r'))
      expect(entries.filter(({ type }) => type === 'run.finished')).toHaveLength(1)
      expect(entries.at(-1)?.type).toBe('run.finished')
      expect([...world.paid.values()].filter((times) => times !== 1)).toEqual([])
      const may = await allowed(world.store)
      expect([...world.paid.keys()].filter((key) => !may.has(key))).toEqual([])
      executed += world.paid.size
      deniedOrExpired += plan.children * plan.callsEach - world.paid.size
      expect(await world.desk.approvals.list()).toEqual([])
    }),
    { seed, numRuns: Number(process.env['BELAY_RUNS'] ?? 60) },
  )
  // A plan that decides nothing would pass.
  expect(executed).toBeGreaterThan(20)
  expect(deniedOrExpired).toBeGreaterThan(20)
}, 120_000)
