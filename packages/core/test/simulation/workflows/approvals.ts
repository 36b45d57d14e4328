import type { RunHistory } from '../../../src/history/fold.ts'
import { failing, messageOf } from './helpers.ts'
import type { Answers } from '../sim-approver.ts'
import type { SimContext, SimStep } from '../sim-context.ts'
import type { Workflow, Workflows } from '../workflow.ts'

const allow: Answers = { decide: () => 'allow' }
const ask: SimStep = { gate: {} }
const tool: SimStep = { noun: 'tool', folded: true, once: true, gate: {} }
const turn: SimStep = { noun: 'model', folded: true }

/** Denies what ends in `no`. */
const byName: Answers = {
  decide: ({ key }) => (key.endsWith('no') ? 'deny' : 'allow'),
}

/** What an agent says in the end: nobody knows whether a killed `once` call took effect. */
const isAnswer = (text: string): boolean =>
  /^\S*model-1(\S*yes|"\S*yes" was started .*) denied: decision \S*free\S*model-2$/.test(text)

/** An agent with calls that ask beside one that does not. */
async function asking(c: SimContext): Promise<string> {
  let text = await c.step('model-1', undefined, turn)
  const answers = await Promise.all([
    c.step('yes', undefined, tool).catch(messageOf),
    c.step('no', undefined, tool).catch(messageOf),
    c.step('free', undefined, { noun: 'tool', folded: true }),
  ])
  text += answers.join(' ')
  return text + (await c.step('model-2', undefined, turn))
}

const cancelled: Pick<Workflow, 'may'> = { may: ['cancelled'] }

/** Approvals that were asked for and not answered before the run succeeded. */
function leftOpen(history: RunHistory): string | undefined {
  const left = [...history.approvals.values()].filter(
    ({ resolved, closed }) => !closed && resolved === undefined,
  )
  return history.state === 'succeeded' && left.length > 0 ? 'an approval is left open' : undefined
}

/** Steps that wait for somebody's consent. */
export const approvals: Workflows = {
  approveOne: {
    answers: allow,
    run: async (c) => {
      const a = await c.step('a')
      const paid = await c.step('pay', undefined, ask)
      return `${a}${paid}${await c.step('b')}`
    },
    verify: leftOpen,
  },
  approveRest: {
    answers: { ...allow, after: 5_000 },
    run: (c) => c.step('pay', undefined, ask),
    verify: (_, world) =>
      // A process that stands still for so long that another one takes over does not come to rest.
      world.takeovers > 0 || world.entries.some(({ type }) => type === 'run.suspended')
        ? undefined
        : 'it never suspended',
  },
  approveAgents: {
    answers: byName,
    run: (c) => c.fanOut('f', 2, (d) => d.child('agent', asking)),
    check: (output) => (output as string[]).every(isAnswer),
    verify: leftOpen,
  },
  approveHostile: {
    answers: { ...byName, hostile: true },
    run: (c) => Promise.all([asking(c), c.child('k', asking), c.sleep('nap', 40).then(String)]),
    check: (output) => (output as string[]).slice(0, 2).every(isAnswer),
    verify: (history, world) => {
      const rejected = world.entries.filter(({ type }) => type === 'approval.rejected')
      const ids = new Set(rejected.map(({ data }) => (data as { commandId: string }).commandId))
      if (ids.size !== rejected.length) return 'a decision was rejected twice'
      const taken = [...history.approvals.values()].map(({ resolved }) => resolved?.commandId ?? '')
      return taken.some((id) => ids.has(id)) ? 'a decision that counts was rejected' : leftOpen(history)
    },
  },
  approveExpires: {
    answers: { decide: () => 'allow', within: 160 },
    run: (c) => c.step('pay', undefined, { once: true, gate: { timeoutMs: 80 } }).catch(messageOf),
    check: (output) => /^(pay|denied: expired|"pay" was started .*)$/.test(String(output)),
    verify: (history, world) => {
      const decision = history.partial.get('pay')?.consent?.resolved?.decision
      const request = history.partial.get('pay')?.consent?.request
      const due = request?.expiresAt ?? 0
      const inTime = world.inbox.some((_, index) => (world.recordedAt[index] ?? 0) < due)
      return decision === 'expired' && inTime ? 'a decision that came in time does not count' : undefined
    },
  },
  approveLate: {
    answers: { decide: () => 'allow', late: true },
    run: (c) => c.step('pay', undefined, { gate: { timeoutMs: 200 } }).catch(messageOf),
    check: (output) => output === 'denied: expired',
    verify: (history) =>
      history.partial.get('pay')?.consent?.resolved?.decision === 'allow'
        ? 'a decision counts that came too late'
        : undefined,
  },
  approveVersions: {
    answers: allow,
    run: async (c) => {
      const version = (boot: number): string => `v${boot}`
      const paid = await c.step('pay', undefined, { gate: { version } })
      return `${paid}${await c.step('more', undefined, { once: true, gate: { version } }).catch(messageOf)}`
    },
    check: (output) => /^pay(more|"more" was started .*)$/.test(String(output)),
  },
  approveHook: {
    answers: allow,
    run: (c) =>
      Promise.all([
        c.step('yes', undefined, { gate: { hook: async () => c.raw().then(() => 'allow') } }),
        c.step('denied', undefined, { gate: { hook: () => 'deny' } }).catch(messageOf),
        c
          .step('thrown', undefined, {
            gate: {
              hook: () => {
                throw new Error('no hook')
              },
            },
          })
          .catch(messageOf),
        c.step('outside', undefined, { gate: { hook: () => undefined } }),
        c.step('odd', undefined, { gate: { hook: () => 'maybe' } }).catch(messageOf),
        c.step('never', undefined, { gate: { permission: 'deny', hook: () => 'allow' } }).catch(messageOf),
      ]),
  },
  approveBeside: {
    answers: allow,
    signals: ['go', { name: 'pay', value: { decision: 'allow' } }, { name: 'pay', value: 1 }],
    run: async (c) => {
      void c.step('background', undefined, ask)
      const [paid, go] = await Promise.all([c.step('pay', undefined, ask), c.wait('go')])
      return `${paid}${String(go)}${String(await c.wait('pay', { key: 'last' }))}`
    },
    check: (output, world) =>
      String(output).startsWith('payvgo') && world.effects.some(({ key }) => key === 'background'),
    verify: leftOpen,
  },
  approveCancel: {
    answers: { ...byName, within: 300 },
    cancelWithin: 400,
    run: (c) => Promise.all([asking(c), c.child('k', asking)]),
    ...cancelled,
    check: () => true,
  },
  approveCut: {
    answers: { decide: () => 'allow', within: 200 },
    run: async (c) => {
      const child = await c
        .child('k', (d) => d.step('pay', undefined, { once: true, gate: {} }), { timeout: 90 })
        .catch(() => 'cut')
      return `${String(child)}${await c.step('after', undefined, ask)}`
    },
    check: (output) => /^(k\/pay|cut)after$/.test(String(output)),
  },
  approveAgain: {
    answers: allow,
    resumes: 3,
    run: async (c) => {
      const a = await c.step('a')
      return a + (await c.step('pay', failing(2), ask))
    },
    verify: (history, world) => {
      const asked = [...history.approvals.values()].filter(({ key }) => key === 'pay').length
      const failures = world.entries.filter(
        ({ type, data }) => type === 'step.finished' && (data as { status: string }).status === 'failed',
      ).length
      return history.state === 'succeeded' && asked < failures + 1 ? 'an approval was used twice' : undefined
    },
  },
}
