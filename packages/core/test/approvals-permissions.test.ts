import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  defineAgent,
  defineHarness,
  defineTool,
  type OnPermission,
  type PermissionRequest,
} from '../src/index.ts'
import { askingHarness, nth, onlyApproval, payAnn, rest, typesOfRun } from './fixtures/asking-harness.ts'
import { failureOf, thrownBy } from './fixtures/collect.ts'
import { mortalStore } from './fixtures/mortal-store.ts'
import { calls, says } from './fixtures/scripted-model.ts'

const run = { durable: { runId: 'r' } }

async function paidWith(onPermission: OnPermission) {
  const world = askingHarness(undefined, { onPermission })
  const session = await world.harness.getSession('s')
  const handle = await session.agents.payer.start('pay', run)
  return { ...world, handle }
}

describe('the permission of a tool', () => {
  it('is to be called, unless it or its agent says otherwise [APR-1, APR-2]', async () => {
    for (const [permission, permissions, expected] of [
      ['allow', undefined, ['ann']],
      ['deny', undefined, []],
      ['ask', { pay: 'allow' }, ['ann']],
      ['allow', { pay: 'deny' }, []],
    ] as const) {
      const { clock, harness, paid, model } = askingHarness(undefined, {
        permission,
        ...(permissions !== undefined && { permissions }),
      })
      const session = await harness.getSession('s')
      expect(await clock.until(session.agents.payer.run('pay'))).toBe('done')
      expect(paid).toEqual(expected)
      expect(JSON.stringify(model.requests[1]).includes('it is not allowed here')).toBe(expected.length === 0)
    }
    const plain = defineTool({ name: 't', description: 'd', input: z.object({}), execute: () => null })
    expect(plain.permission).toBe('allow')
  })

  it('fails the call of a workflow as `tool/denied`', async () => {
    const { clock, harness, paid } = askingHarness(undefined, { permission: 'deny' })
    const session = await harness.getSession('s')
    const error = await failureOf(clock.until(session.workflows.flow.run(null)))
    expect(error).toMatchObject({ code: 'tool/denied', meta: { tool: 'pay', reason: 'policy' } })
    expect(paid).toEqual([])
  })

  it('is checked where it is defined', () => {
    const tool = defineTool({ name: 'pay', description: 'd', input: z.object({}), execute: () => null })
    const agent = { name: 'a', model: 'm', instructions: 'i', tools: [tool] } as const
    for (const wrong of [
      { permissions: { other: 'ask' } },
      { permissions: { pay: 'perhaps' } },
      { approvalTimeoutMs: -1 },
      { onPermission: 'ask' },
    ])
      expect(thrownBy(() => defineAgent({ ...agent, ...(wrong as object) })).code).toBe('config/definition')
    const init = { name: 't', description: 'd', input: z.object({}), execute: () => null }
    for (const wrong of [{ permission: 'never' }, { version: '' }])
      expect(thrownBy(() => defineTool({ ...init, ...(wrong as object) })).code).toBe('config/definition')
    for (const defaults of [{ onPermission: 1 }, { approvalTimeoutMs: -1 }])
      expect(
        thrownBy(() => defineHarness({ name: 'h', models: {}, defaults: defaults as object })).code,
      ).toBe('config/definition')
  })
})

describe('the version of a tool', () => {
  it('is a hash of name, description and schemas unless it says another [APR-4]', () => {
    const base = { name: 't', description: 'd', input: z.object({ a: z.string() }), execute: () => null }
    const { version } = defineTool(base)
    expect(defineTool({ ...base, input: z.object({ a: z.string() }) }).version).toBe(version)
    const others = [
      defineTool({ ...base, name: 'u' }),
      defineTool({ ...base, description: 'e' }),
      defineTool({ ...base, input: z.object({ a: z.number() }) }),
      defineTool({ ...base, output: z.null() }),
    ].map((tool) => tool.version)
    expect(new Set([version, ...others]).size).toBe(5)
    expect(defineTool({ ...base, version: '7' }).version).toBe('7')
    // A schema that cannot be said as JSON Schema has a version all the same.
    const date = defineTool({
      name: 't',
      description: 'd',
      input: z.object({ at: z.date() }),
      execute: () => null,
    })
    expect(date.version).toMatch(/^[\w-]{22}$/)
  })
})

describe('an approval when the code changes', () => {
  it('is withdrawn before it was decided, and asked for anew [APR-9, APR-15]', async () => {
    const { clock, harness, harnessOf, paid } = askingHarness(undefined, { version: '1' })
    const session = await harness.getSession('s')
    await session.agents.payer.start('pay', run)
    await rest(clock)
    const old = await onlyApproval(harness)
    await harness.shutdown()
    const next = harnessOf({ owner: 'next', version: '2' })
    const handle = await next.runs.resume('r')
    await rest(clock)
    expect((await failureOf(next.approvals.resolve(old, { decision: 'allow' }))).meta['reason']).toBe(
      'withdrawn',
    )
    const approval = await onlyApproval(next)
    expect(approval).toMatchObject({ toolVersion: '2', key: old.key })
    expect(approval.approvalId).not.toBe(old.approvalId)
    await next.approvals.resolve(approval, { decision: 'allow' })
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann'])
  })

  it('does not let the new version happen when the old one was allowed [APR-9, APR-15]', async () => {
    const { clock, harness, harnessOf, paid } = askingHarness(undefined, { version: '1' })
    const session = await harness.getSession('s')
    await session.agents.payer.start('pay', run)
    await rest(clock)
    await harness.shutdown()
    const desk = harnessOf({ owner: 'desk', version: '1' })
    await desk.approvals.resolve(await onlyApproval(desk), { decision: 'allow' })
    await desk.shutdown()
    const next = harnessOf({ owner: 'next', version: '2' })
    const handle = nth((await next.runs.recover()).resumed, 0)
    await rest(clock)
    expect(paid).toEqual([])
    const approval = await onlyApproval(next)
    expect(approval.toolVersion).toBe('2')
    await next.approvals.resolve(approval, { decision: 'allow' })
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann'])
  })

  it.each([
    ['allow', ['ann']],
    ['deny', []],
  ] as const)('is withdrawn when the permission has become %s', async (permission, expected) => {
    const { clock, harness, harnessOf, paid } = askingHarness()
    const session = await harness.getSession('s')
    await session.agents.payer.start('pay', run)
    await rest(clock)
    await harness.shutdown()
    const next = harnessOf({ owner: 'next', permission })
    const handle = await next.runs.resume('r')
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(expected)
    expect(await typesOfRun(next, 'r')).toContain('approval.resolved')
  })

  it('changes nothing about calls that have ended', async () => {
    const { clock, harness, harnessOf, paid } = askingHarness([payAnn, payAnn, says('done')], {
      permission: 'allow',
      permissions: { pay: 'ask' },
    })
    const session = await harness.getSession('s')
    await session.agents.payer.start('pay', run)
    await rest(clock)
    await harness.approvals.resolve(await onlyApproval(harness), { decision: 'allow' })
    await rest(clock)
    expect(paid).toEqual(['ann'])
    await harness.shutdown()
    const next = harnessOf({ owner: 'next', permission: 'allow' })
    const handle = await next.runs.resume('r')
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann', 'ann'])
  })
})

describe('a fork', () => {
  it('asks for itself: what the first run was allowed does not hold for it [APR-7]', async () => {
    const { clock, harness, paid } = askingHarness([payAnn, says('done')])
    const session = await harness.getSession('s')
    await session.agents.payer.start('pay', run)
    await rest(clock)
    const approval = await onlyApproval(harness)
    const fork = await harness.runs.fork('r', { runId: 'f', sessionId: 'other' })
    await rest(clock)
    expect(
      (await failureOf(harness.approvals.resolve({ ...approval, runId: 'f' }, { decision: 'allow' }))).meta,
    ).toEqual({
      runId: 'f',
      approvalId: approval.approvalId,
      reason: 'wrong_run',
    })
    const own = nth(await harness.approvals.list({ runId: 'f' }), 0)
    expect(own.approvalId).not.toBe(approval.approvalId)
    await harness.approvals.resolve(own, { decision: 'allow' })
    expect(await clock.until(fork.result)).toBe('done')
    expect(paid).toEqual(['ann'])
    expect((await harness.runs.get('r'))?.state).toBe('suspended')
  })
})

describe('onPermission', () => {
  it('allows in the process, and is told what it is about [APR-19]', async () => {
    const asked: PermissionRequest[] = []
    const { clock, handle, harness, paid } = await paidWith((request) => {
      asked.push(request)
      return 'allow'
    })
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann'])
    expect(asked).toEqual([
      {
        runId: 'r',
        sessionId: 's',
        agent: 'payer',
        tool: 'pay',
        toolVersion: expect.stringMatching(/^[\w-]{22}$/),
        callId: 'c1',
        arguments: { to: 'ann', amount: 3 },
        metadata: {},
      },
    ])
    expect(Object.isFrozen(asked[0]?.arguments)).toBe(true)
    expect(await typesOfRun(harness, 'r')).not.toContain('approval.requested')
  })

  it.each([undefined, 'ask'] as const)('leaves it to an approval with %s', async (answer) => {
    const { clock, handle, harness, paid } = await paidWith(async () => answer)
    await rest(clock)
    expect(paid).toEqual([])
    await harness.approvals.resolve(await onlyApproval(harness), { decision: 'allow' })
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann'])
  })

  it.each<[string, () => unknown, string]>([
    ['denies', () => 'deny', 'hook'],
    [
      'throws',
      (): never => {
        throw new Error('no')
      },
      'hook_failed',
    ],
    ['rejects', () => Promise.reject(new Error('no')), 'hook_failed'],
    ['takes too long', () => new Promise(() => undefined), 'hook_failed'],
    ['answers something else', () => true, 'hook_failed'],
    ['is aborted by itself', () => Promise.reject(new DOMException('stop', 'AbortError')), 'hook_failed'],
  ])('that %s denies [APR-20]', async (_, hook, reason) => {
    const { clock, handle, harness, paid } = await paidWith(hook as OnPermission)
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual([])
    const finished = []
    for await (const event of harness.runs.events('r'))
      if (event.type === 'tool.finished') finished.push(event)
    expect(finished).toMatchObject([{ status: 'failed', error: { code: 'tool/denied', meta: { reason } } }])
  })

  it('that waits is aborted with the run, and the call is not executed [APR-20]', async () => {
    let aborted = false
    const { clock, handle, harness, paid } = await paidWith(
      (_request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted = true
            resolve('allow')
          })
        }),
    )
    await clock.settle()
    await harness.runs.cancel('r')
    expect((await failureOf(clock.until(handle.result))).code).toBe('run/cancelled')
    expect(aborted).toBe(true)
    expect(paid).toEqual([])
  })

  it('of the agent goes before the one of the harness, and is asked only where the permission is ask', async () => {
    const asked: string[] = []
    const defaults = { onPermission: (): 'allow' => (asked.push('harness'), 'allow') }
    const onPermission = (): 'allow' => (asked.push('agent'), 'allow')
    for (const [deploy, expected] of [
      [{ defaults }, ['harness']],
      [{ defaults, onPermission }, ['agent']],
      [{ defaults, onPermission, permission: 'allow' }, []],
      [{ defaults, onPermission, permission: 'deny' }, []],
    ] as const) {
      asked.length = 0
      const { clock, harness } = askingHarness(undefined, deploy)
      const session = await harness.getSession('s')
      await clock.until(session.agents.payer.run('pay'))
      expect(asked).toEqual(expected)
    }
  })

  it('is not asked again after its answer was recorded', async () => {
    let asked = 0
    const onPermission = (): 'allow' => (asked++, 'allow')
    const { clock, store, harnessOf, paid } = askingHarness([payAnn, says('done')])
    const dying = mortalStore(store)
    const pay = (): unknown => (dying.die(), {})
    const first = harnessOf({ onPermission, effect: 'idempotent', pay, store: dying })
    const session = await first.getSession('s')
    await session.agents.payer.start('pay', run)
    await clock.settle()
    expect({ asked, paid }).toEqual({ asked: 1, paid: ['ann'] })
    clock.dead.add('process-1')
    const second = harnessOf({ owner: 'second', onPermission, effect: 'idempotent' })
    const handle = await second.runs.resume('r')
    expect(await clock.until(handle.result)).toBe('done')
    expect({ asked, paid }).toEqual({ asked: 1, paid: ['ann', 'ann'] })
  })
})

describe('approvals.list', () => {
  it('filters by run and session, and reads no run without an open approval', async () => {
    const world = askingHarness([payAnn, payAnn, payAnn, says('done')])
    const { harness, clock, store, harnessOf } = world
    for (const id of ['a', 'b', 'c']) {
      const session = await harness.getSession(`s-${id}`)
      await session.agents.payer.start('pay', { durable: { runId: id } })
    }
    const quiet = await harness.getSession('quiet')
    await quiet.workflows.signals.start(null, { durable: { runId: 'd' } })
    await rest(clock)
    const runs = async (filter: object): Promise<string[]> =>
      (await harness.approvals.list(filter)).map(({ runId }) => runId)
    expect(await runs({})).toEqual(['a', 'b', 'c', 'd'])
    expect(await runs({ runId: 'b' })).toEqual(['b'])
    expect(await runs({ sessionId: 's-c' })).toEqual(['c'])
    expect(await runs({ sessionId: 's-c', runId: 'b' })).toEqual([])
    expect(await runs({ limit: 2 })).toEqual(['a', 'b'])
    expect((await failureOf(harness.approvals.list({ limit: 0 }))).code).toBe('validation/options')
    for (const id of ['a', 'b', 'c']) await harness.runs.cancel(id)
    const read: string[] = []
    const journal = new Proxy(store.journal, {
      get: (target, name) =>
        name === 'read'
          ? (stream: string, options: object) => (read.push(stream), target.read(stream, options))
          : Reflect.get(target, name),
    })
    const desk = harnessOf({ owner: 'desk', store: { ...store, journal, close: async () => undefined } })
    expect((await desk.approvals.list()).map(({ runId }) => runId)).toEqual(['d'])
    expect(read).toEqual(['run/d', 'inbox/d'])
  })

  it('gives large arguments whole', async () => {
    const to = 'x'.repeat(100_000)
    const { harness, clock, paid } = askingHarness([calls(['c1', 'pay', { to, amount: 1 }]), says('done')])
    const session = await harness.getSession('s')
    const handle = await session.agents.payer.start('pay', run)
    await rest(clock)
    const approval = await onlyApproval(harness)
    expect(approval.arguments).toEqual({ to, amount: 1 })
    // As it comes back from a page in a browser.
    await harness.approvals.resolve(JSON.parse(JSON.stringify(approval)) as never, { decision: 'allow' })
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual([to])
  })
})
