import { codeOf, failing, messageOf } from './helpers.ts'
import type { EffectBody, SimContext, SimStep } from '../sim-context.ts'
import type { Workflows } from '../workflow.ts'

const turn: SimStep = { noun: 'model', folded: true }
const call: SimStep = { noun: 'tool', folded: true }

/** The shape of an agent: turns and tool calls that engine code alone reads; a failed call is an answer. */
async function agent(
  c: SimContext,
  tools: Readonly<Record<string, EffectBody | undefined>>,
): Promise<string> {
  let text = await c.step('model-1', undefined, turn)
  const answers = await Promise.all(
    Object.entries(tools).map(([name, body]) => c.step(`tool-${name}`, body, call).catch(messageOf)),
  )
  text += answers.join('')
  return text + (await c.step('model-2', undefined, turn))
}

/** Children that work like agents: what only engine code reads is handed over at once. */
export const agents: Workflows = {
  agentFan: {
    run: (c) =>
      c.fanOut('f', 2, (d, i) =>
        d.child('agent', (a) =>
          agent(a, { a: undefined, b: failing(9), c: i === 0 ? failing(9) : undefined }),
        ),
      ),
  },
  agentsAndSteps: {
    run: (c) =>
      Promise.all([
        c.child('one', (a) => agent(a, { a: undefined, b: undefined })),
        c.child('two', (a) => agent(a, { a: undefined })),
        (async () => (await c.step('x')) + (await c.step('y')))(),
      ]),
  },
  agentRace: {
    run: async (c) => {
      const first = await Promise.race([
        c.child('one', (a) => agent(a, { a: undefined })),
        c.step('x').then((x) => c.step(`${x}-2`)),
      ])
      return (await c.step('z')) + first.length
    },
    check: (output) => String(output).startsWith('z'),
  },
  agentTurnFails: {
    resumes: 2,
    run: (c) =>
      Promise.all([
        c.child('one', async (a) => {
          await a.step('model-1', undefined, turn)
          return a.step('model-2', failing(1), turn)
        }),
        c.child('two', (a) => agent(a, { a: undefined })),
      ]),
  },
  agentCallsFail: {
    resumes: 3,
    run: (c) =>
      c.child('one', async (a) => {
        await a.step('model-1', undefined, turn)
        return Promise.all([
          a.step('tool-a', failing(1), call),
          a.step('tool-b', undefined, call),
          a.step('tool-c', failing(1), call),
        ])
      }),
  },
  agentHandled: {
    resumes: 1,
    may: ['failed'],
    signals: ['human'],
    run: (c) =>
      c.child('one', async (a) => {
        try {
          return await a.step('model-1', failing(1), turn)
        } catch (error) {
          await a.wait('human')
          throw error
        }
      }),
    verify: (_, world) =>
      world.entries.some(({ data }) => 'voided' in (data as object))
        ? 'a handled failure was forgotten'
        : undefined,
  },
  agentOnceCalls: {
    signals: ['ok'],
    run: (c) =>
      c.child('one', async (a) => {
        await a.step('model-1', undefined, turn)
        const once: SimStep = { ...call, once: true }
        const approved = async (): Promise<string> => {
          await a.wait('ok')
          return a.step('tool-a', undefined, once).catch(codeOf)
        }
        await Promise.all([approved(), a.step('tool-b', undefined, once).catch(codeOf)])
        return a.step('model-2', undefined, turn)
      }),
  },
  agentApproval: {
    signals: ['go'],
    run: (c) =>
      c.fanOut('f', 2, (d, i) =>
        d.child('agent', async (a) => {
          await a.step('model-1', undefined, turn)
          if (i === 1) await a.wait('go')
          return agent(a, { a: undefined, b: failing(9) }).catch(codeOf)
        }),
      ),
    check: (output) => !JSON.stringify(output).includes('ambiguous'),
  },
}
