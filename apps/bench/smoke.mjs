import { defineAgent, defineHarness, defineTool, defineWorkflow, HarnessError } from '@belay/core'
import { z } from '/work/main/packages/core/node_modules/zod/index.js'
let n = 0
const model = { info: { id: 'fake', packageName: 'x', version: '1', specs: { model: 'model/1' }, capabilities: [] }, provider: 'fake', modelId: 'f', capabilities: ['text', 'tools'],
  async *generate(req) {
    const last = req.messages.at(-1)
    if (last.role === 'tool') { yield { type: 'text-delta', text: 'done ' + JSON.stringify(last.content[0].output) }; yield { type: 'finish', reason: 'stop', usage: { inputTokens: 5, outputTokens: 2 } }; return }
    yield { type: 'tool-call', callId: 'c1', name: 'lookup', arguments: '{"email":"a@b.co"}' }
    yield { type: 'finish', reason: 'tool_calls', usage: { inputTokens: 3, outputTokens: 2 } }
  } }
const lookup = defineTool({ name: 'lookup', description: 'find', input: z.object({ email: z.email() }), output: z.object({ id: z.string() }), effect: 'read', execute: async (i) => ({ id: 'id-' + i.email + ++n }) })
const triage = defineAgent({ name: 'triage', model: 'fast', instructions: 'x', tools: [lookup] })
const wf = defineWorkflow({ name: 'wf', input: z.object({ t: z.string() }), output: z.object({ r: z.string() }), agents: { triage }, run: async (ctx, input) => {
  const a = await ctx.step('a', () => 'A' + input.t)
  const rs = await ctx.fanOut('f', [1, 2, 3], async (c, i) => c.agents.triage('item ' + i))
  const d = await ctx.wait('go', { schema: z.object({ ok: z.boolean() }), timeoutMs: 100000 })
  return { r: a + rs.join('|') + d.ok }
} })
const h = defineHarness({ name: 'hh', models: { fast: model }, agents: { triage }, workflows: { wf } })
const s = await h.getSession('c1')
console.log(await s.agents.triage.run('hello'))
for await (const e of s.agents.triage.stream('again')) console.log(e.type, e.position)
console.log(JSON.stringify(await s.history.list()).slice(0, 300))
const handle = await s.workflows.wf.start({ t: 'x' }, { durable: { runId: 'r1' } })
for await (const e of handle.events()) { console.log(e.type, e.key ?? ''); if (e.type === 'run.suspended') await h.runs.signal('r1', 'go', { ok: true }) }
console.log(await handle.result)
try { await s.workflows.wf.run({ t: 'y' }, { durable: { runId: 'r1' } }) } catch (e) { console.log(e.code, HarnessError.is(e, 'run/conflict')) }
console.log(await h.runs.summary('r1'))
console.log(await h.runs.list())
const N = 2000
for (let k = 0; k < 2; k++) { const s2 = await h.getSession('bench' + k); const t = performance.now(); for (let i = 0; i < N; i++) { await s2.agents.triage.run('hello', {historyWindow: 0}) } console.log((performance.now() - t) / N, 'ms per run') }
await h.shutdown()
