import { defineAgent, defineHarness, defineTool, defineWorkflow } from '@belay/core'
import type { StandardSchema } from '@belay/core'
import type { Model } from '@belay/core/ports'
import { z } from 'zod'

declare const model: Model

/** `true` only when both types are the same, `any` told apart. */
type Same<A, B> = IsAny<A> extends IsAny<B> ? ([A, B] extends [B, A] ? true : false) : false
type IsAny<T> = 0 extends 1 & T ? 1 : 2
function same<A, B>(_proof: Same<A, B>): void {}

interface Answer {
  severity: 'low' | 'high'
  reason: string
}

const lookup = defineTool({
  name: 'lookup',
  description: 'Find a customer by e-mail.',
  input: z.object({ email: z.email() }),
  output: z.object({ id: z.string(), plan: z.string() }),
  execute: (input, context) => {
    same<typeof input, { email: string }>(true)
    same<typeof context.signal, AbortSignal>(true)
    return { id: input.email, plan: 'free' }
  },
})

const triage = defineAgent({
  name: 'triage',
  model: 'fast',
  instructions: ({ ticket }) => ticket,
  input: z.object({ ticket: z.string() }),
  output: z.object({ severity: z.enum(['low', 'high']), reason: z.string() }),
  tools: [lookup],
})
const writer = defineAgent({ name: 'writer', model: 'good', instructions: 'Write.' })

const resolve = defineWorkflow({
  name: 'resolve',
  input: z.object({ ticket: z.string(), urgent: z.boolean().default(false) }),
  output: z.object({ refunded: z.boolean() }),
  agents: { triage, writer },
  tools: { lookup },
  models: {
    cheap: ['text'],
    strict: ['text', 'object'],
    eyes: ['text', 'vision'],
    vectors: ['embeddings'],
    judge: ['rerank'],
  },
  run: async (ctx, input) => {
    same<typeof input, { ticket: string; urgent: boolean }>(true)

    const result = await ctx.agents.triage(input)
    same<typeof result, Answer>(true)
    same<Parameters<typeof ctx.agents.triage>[0], { ticket: string }>(true)
    same<Awaited<ReturnType<typeof ctx.agents.writer>>, string>(true)
    // @ts-expect-error the agent wants a ticket
    await ctx.agents.triage({ text: '' })
    // @ts-expect-error no agent of this name was declared
    await ctx.agents.reviewer('')

    const found = await ctx.tools.lookup({ email: 'a@example.org' })
    same<typeof found, { id: string; plan: string }>(true)
    // @ts-expect-error no tool of this name was declared
    await ctx.tools.erase({})

    const decision = await ctx.wait('refund', { schema: z.object({ ok: z.boolean() }), timeoutMs: 1_000 })
    same<typeof decision, { ok: boolean }>(true)
    same<Awaited<ReturnType<typeof ctx.sleep>>, void>(true)

    const paid = await ctx.step('pay', ({ idempotencyKey, attempt }) => ({ idempotencyKey, attempt }))
    same<typeof paid, { idempotencyKey: string; attempt: number }>(true)

    const lengths = await ctx.fanOut('each', ['a', 'b'], async (item, text, index) => {
      same<typeof text, string>(true)
      same<typeof index, number>(true)
      same<typeof item.agents.triage, typeof ctx.agents.triage>(true)
      return text.length
    })
    same<typeof lengths, number[]>(true)

    const plain = await ctx.models.cheap.generate({ prompt: 'Hello' })
    same<typeof plain.output, string>(true)
    const strict = await ctx.models.strict.generate({ prompt: 'Hello', output: z.object({ n: z.number() }) })
    same<typeof strict.output, { n: number }>(true)
    // @ts-expect-error this alias was declared for text alone
    await ctx.models.cheap.generate({ prompt: 'Hello', output: z.object({ n: z.number() }) })
    // @ts-expect-error the workflow declared no such alias
    await ctx.models.good.generate({ prompt: 'Hello' })
    const picture = { type: 'file', mediaType: 'image/png', data: 'AA==' } as const
    const seen = await ctx.models.eyes.generate({ prompt: [picture] })
    same<typeof seen.output, string>(true)
    // @ts-expect-error this alias was declared for text alone
    await ctx.models.cheap.generate({ prompt: [picture] })
    const { embeddings } = await ctx.models.vectors.embed({ values: ['a'] })
    same<typeof embeddings, readonly (readonly number[])[]>(true)
    const { ranking } = await ctx.models.judge.rerank({ query: 'q', documents: ['a'] })
    same<(typeof ranking)[number]['document'], string>(true)
    // @ts-expect-error this alias was declared for embeddings alone
    await ctx.models.vectors.generate({ prompt: 'Hello' })
    // @ts-expect-error this alias was declared for text alone
    await ctx.models.cheap.embed({ values: ['a'] })

    same<Awaited<ReturnType<typeof ctx.memory.session.delete>>, boolean>(true)
    // @ts-expect-error a workflow has no agent scope
    await ctx.memory.agent.read('k')
    // @ts-expect-error a function is no JSON
    await ctx.memory.run.write('k', () => 1)
    const left = await ctx.checkpoints.write({ kind: 'summary', sequence: 1, payload: { a: [1] } })
    same<typeof left.kind, 'summary' | 'handoff' | 'goal_state'>(true)
    // @ts-expect-error no such kind
    await ctx.checkpoints.write({ kind: 'note', sequence: 1, payload: null })

    return { refunded: decision.ok }
  },
})

defineWorkflow({
  name: 'wrong',
  input: z.object({}),
  output: z.object({ refunded: z.boolean() }),
  // @ts-expect-error the output schema wants a boolean
  run: () => ({ refunded: 'yes' }),
})

const models = {
  fast: model,
  good: model,
  cheap: model,
  strict: model,
  eyes: model,
  vectors: model,
  judge: model,
}
const harness = defineHarness({ name: 'support', models, agents: { triage }, workflows: { resolve } })
defineHarness({
  name: 'more',
  models: { ...models, extra: model },
  agents: { triage },
  workflows: { resolve },
})
// @ts-expect-error an agent names `fast`
defineHarness({ name: 'less', models: { good: model }, agents: { triage } })
// @ts-expect-error the child agent of a workflow names `good`
defineHarness({ name: 'less', models: { fast: model, cheap: model, strict: model }, workflows: { resolve } })
// @ts-expect-error a workflow declares `cheap` for itself
defineHarness({ name: 'less', models: { fast: model, good: model, strict: model }, workflows: { resolve } })
defineHarness({ name: 'empty', models: {} })

const session = await harness.getSession('customer-42')
const answer = await session.agents.triage.run({ ticket: '' })
same<typeof answer, Answer>(true)
const refunded = await session.workflows.resolve.run({ ticket: '' }, { durable: { runId: 'ticket-1' } })
same<typeof refunded, { refunded: boolean }>(true)
const handle = await session.workflows.resolve.start({ ticket: '', urgent: true })
same<Awaited<typeof handle.result>, { refunded: boolean }>(true)
// @ts-expect-error the workflow wants a ticket
await session.workflows.resolve.run({ text: '' })
// @ts-expect-error no workflow of this name
export const absent = session.workflows.reject
// @ts-expect-error an agent that only a workflow has is not an entry of the session
export const inner = session.agents.writer
for await (const event of session.agents.triage.stream({ ticket: '' })) {
  if (event.type === 'model.delta') same<typeof event.text, string>(true)
  // @ts-expect-error no event of this type
  if (event.type === 'model.delay') break
}

const lonely = defineWorkflow({
  name: 'lonely',
  input: z.string(),
  output: z.string(),
  run: (_ctx, text) => text,
})
defineHarness({ name: 'lonely', models: {}, workflows: { lonely } })

declare const plain: StandardSchema<{ from: string }, { to: number }>
const converted = defineAgent({
  name: 'plain',
  model: 'fast',
  instructions: 'Convert.',
  input: plain,
  output: plain,
})
const converting = await defineHarness({ name: 'plain', models, agents: { converted } }).getSession('plain')
const conversion = await converting.agents.converted.run({ from: '' })
same<typeof conversion, { to: number }>(true)
// @ts-expect-error the schema takes `from`
await converting.agents.converted.run({ to: 1 })
// @ts-expect-error this is no schema
defineAgent({ name: 'none', model: 'fast', instructions: 'Nothing.', input: { type: 'object' } })
