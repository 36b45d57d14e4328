import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineWorkflow } from '../src/index.ts'
import type { Model, ModelPart, Store } from '../src/ports/index.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn } from './fixtures/mortal-store.ts'
import { scriptedModel } from './fixtures/scripted-model.ts'

/** What a call may use at most, as the model declares it. */
const bound = { inputTokens: 40, outputTokens: 20 }
const most = bound.inputTokens + bound.outputTokens

interface Plan {
  readonly width: number
  readonly turns: number
  readonly concurrency: number
  /** What the provider counts, call by call; over the bound is possible, as with a hidden prompt. */
  readonly usages: readonly number[]
  readonly delays: readonly number[]
  readonly limit: number
  readonly more: number
  /** The n-th process dies before this append. */
  readonly deaths: readonly number[]
}

const plans: fc.Arbitrary<Plan> = fc.record({
  width: fc.integer({ min: 1, max: 6 }),
  turns: fc.integer({ min: 1, max: 3 }),
  concurrency: fc.integer({ min: 1, max: 6 }),
  usages: fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 12 }),
  delays: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 7 }),
  limit: fc.integer({ min: 1, max: 400 }),
  more: fc.integer({ min: 30, max: 300 }),
  deaths: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 5 }),
})

/** The provider: keeps its own books of what was asked and answered, whoever asked. */
function provider(
  plan: Plan,
  clock: { timer(ms: number, fire: () => void): unknown },
  allowed: () => number,
) {
  const books = { calls: 0, inFlight: 0, used: 0, overBound: 0, faults: [] as string[] }
  const model: Model = {
    ...scriptedModel([]),
    maxInputTokens: () => bound.inputTokens,
    maxOutputTokens: bound.outputTokens,
    async *generate(): AsyncGenerator<ModelPart> {
      const call = books.calls++
      books.inFlight++
      // What was answered, and every other call at its bound; only an answer over its bound may go beyond.
      const committed = books.used + books.inFlight * most
      if (committed > allowed() + books.overBound)
        books.faults.push(`call ${call}: ${committed} of ${allowed()}`)
      await new Promise<void>((resolve) => clock.timer(plan.delays[call % plan.delays.length] ?? 0, resolve))
      const used = plan.usages[call % plan.usages.length] ?? 0
      books.inFlight--
      books.used += used
      books.overBound += Math.max(0, used - most)
      const inputTokens = Math.min(used, bound.inputTokens)
      yield { type: 'text-delta', text: 'ok' }
      yield { type: 'finish', reason: 'stop', usage: { inputTokens, outputTokens: used - inputTokens } }
    },
  }
  return { model, books }
}

function world(plan: Plan) {
  const clock = manualPlatform()
  const shared = storeOn(clock)
  let allowed = plan.limit
  const { model, books } = provider(plan, clock, () => allowed)
  const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })
  const crowd = defineWorkflow({
    name: 'crowd',
    input: z.null(),
    output: z.unknown(),
    agents: { agent },
    models: { main: ['text'] },
    delegation: { maxChildAgentCalls: 100, maxParallelChildAgentCalls: 10 },
    run: (ctx) =>
      ctx.fanOut(
        'all',
        Array.from({ length: plan.width }),
        async (item, _, index) => {
          let text = ''
          for (let turn = 0; turn < plan.turns; turn++) {
            const { output } = await item.models.main.generate({ prompt: 'go' })
            text += output + (index % 2 === 0 ? await item.agents.agent('go') : '')
          }
          return text
        },
        { concurrency: plan.concurrency },
      ),
  })
  const harnessOf = (process: string, store: Store) =>
    defineHarness({
      name: 'test',
      models: { main: model },
      workflows: { crowd },
      platform: clock.process(process),
      store,
    })
  const operator = harnessOf('operator', mortalStore(shared))
  const extend = async (): Promise<void> => {
    // The command is recorded before any process can act on it.
    allowed += plan.more
    await operator.runs.extend('r', { tokens: plan.more })
  }
  return { clock, shared, books, operator, harnessOf, extend, allowed: () => allowed }
}

/** Runs until it has succeeded: kills each process where the plan says, and extends whenever the budget is used up. */
async function live(plan: Plan) {
  const { clock, shared, books, operator, harnessOf, extend, allowed } = world(plan)
  for (let boot = 0; boot < 100; boot++) {
    const death = plan.deaths[boot] ?? Infinity
    let appends = 0
    const store = mortalStore(shared, () => {
      if (++appends === death) store.die()
    })
    const session = await harnessOf(`process-${boot}`, store).getSession('s')
    void session.workflows.crowd
      .start(null, { durable: { runId: 'r' }, budget: { tokens: plan.limit } })
      .then((handle) => handle.result)
      .catch(() => undefined)
    for (let round = 0; round < 100; round++) {
      await clock.advance(1_000)
      const run = await operator.runs.get('r')
      if (run?.state === 'succeeded') {
        const { budget } = await operator.runs.summary('r')
        return { books, budget, allowed: allowed() }
      }
      if (appends >= death) break
      if (run?.state === 'suspended') await extend()
    }
    store.die()
    clock.dead.add(`process-${boot}`)
  }
  throw new Error('It never ends.')
}

it('never overspends by more than what calls in flight use beyond their bounds, whatever dies [BUD-2, BUD-3, BUD-4, BUD-5]', async () => {
  const seed = Number(process.env['BELAY_SEED'] ?? Date.now() % 1_000_000)
  console.log(`budget property: seed ${seed}`)
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { books, budget, allowed } = await live(plan)
      expect(books.faults).toEqual([])
      expect(books.used).toBeLessThanOrEqual(allowed + books.overBound)
      // The account knows of every call that was made: what died is in it at its bound.
      expect(budget?.spent.modelCalls).toBeGreaterThanOrEqual(books.calls)
      expect(budget?.spent.tokens).toBeLessThanOrEqual(allowed + books.overBound)
      expect(budget?.reserved).toMatchObject({ tokens: 0, modelCalls: 0 })
    }),
    { seed, numRuns: 200 },
  )
})
