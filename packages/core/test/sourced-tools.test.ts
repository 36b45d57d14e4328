import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow, type Permission } from '../src/index.ts'
import { PortError, type Store, type ToolSource } from '../src/ports/index.ts'
import { onlyApproval, rest } from './fixtures/asking-harness.ts'
import { collect, failureOf, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'
import { listed, scriptedSource } from './fixtures/scripted-source.ts'

interface Over {
  readonly store?: Store
  readonly owner?: string
  readonly permissions?: Readonly<Record<string, Permission>>
}

function setup(sources: readonly ToolSource[], script: readonly Turn[]) {
  const clock = manualPlatform()
  const store = storeOn(clock)
  const model = scriptedModel(script)
  const harnessOf = (over: Over = {}) => {
    const own = defineTool({ name: 'own', description: 'Own.', input: z.object({}), execute: () => 1 })
    const agent = defineAgent({
      name: 'helper',
      model: 'm',
      instructions: 'Help.',
      tools: [own, ...sources],
      ...(over.permissions !== undefined && { permissions: over.permissions }),
    })
    const flow = defineWorkflow({
      name: 'flow',
      input: z.unknown(),
      output: z.unknown(),
      agents: { agent },
      run: (ctx) => ctx.agents.agent('go'),
    })
    return defineHarness({
      name: 'test',
      models: { m: model },
      agents: { agent },
      workflows: { flow },
      store: over.store ?? { ...store, close: async () => undefined },
      platform: over.owner === undefined ? clock : clock.process(over.owner),
    })
  }
  const resultOf = (request: number): unknown => {
    const message = model.requests[request]?.messages.at(-1)
    return message?.role === 'tool' ? message.content.map(({ output, isError }) => ({ output, isError })) : []
  }
  return { clock, store, model, harnessOf, resultOf }
}

const call = (name: string, args: unknown = { id: 1 }) => calls(['c1', name, args])
const run = { durable: { runId: 'r' } }

test('tools of a source are offered under its name, and called by their own [MCP-1]', async () => {
  const source = scriptedSource('github', listed('search'), listed('fetch'))
  const { clock, model, harnessOf, resultOf } = setup([source], [call('github_search'), says('ok')])
  const harness = harnessOf()
  const session = await harness.getSession('s')
  expect(await clock.until(session.agents.agent.run('go', run))).toBe('ok')
  expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(['own', 'github_search', 'github_fetch'])
  expect(model.requests[0]?.tools?.[1]).toEqual({
    name: 'github_search',
    description: 'Does search.',
    parameters: listed('search').inputSchema,
  })
  expect(source.calls).toMatchObject([
    { name: 'search', input: { id: 1 }, options: { version: 'v1', idempotencyKey: 'r:tool-1-1' } },
  ])
  expect(resultOf(1)).toEqual([{ output: 'fine', isError: false }])
  const step = (await collect(harness.runs.events('r'))).find(({ type }) => type === 'step.finished')
  expect(step).toMatchObject({ key: 'tools.github', status: 'ok' })
})

test('arguments that the schema of the source refuses never reach it [MCP-4]', async () => {
  const source = scriptedSource('github', listed('search'))
  const { clock, harnessOf, resultOf } = setup([source], [call('github_search', { id: 'x' }), says('ok')])
  const session = await harnessOf().getSession('s')
  await clock.until(session.agents.agent.run('go'))
  expect(source.calls).toEqual([])
  expect(resultOf(1)).toMatchObject([
    { isError: true, output: expect.stringMatching(/"\/id" is not of type integer.*not called/) },
  ])
})

test('a schema that takes for ever to check refuses the call, and patterns are not tried [MCP-4]', async () => {
  const branches = Array.from({ length: 3 }, () => ({ $ref: '#' }))
  const slow = { type: 'object', properties: { t: { pattern: '^(a+)+$' } } }
  const source = scriptedSource(
    'x',
    listed('endless', { inputSchema: { type: 'object', anyOf: branches, not: {} } }),
    listed('slow', { inputSchema: slow }),
  )
  const { clock, harnessOf, resultOf } = setup(
    [source],
    [calls(['a', 'x_endless', {}], ['b', 'x_slow', { t: `${'a'.repeat(60)}!` }]), says('ok')],
  )
  const session = await harnessOf().getSession('s')
  await clock.until(session.agents.agent.run('go'))
  expect(resultOf(1)).toMatchObject([
    { isError: true, output: expect.stringContaining('takes too long to check') },
    { isError: false, output: 'fine' },
  ])
})

test('a tool that does not say that it only reads asks, unless the agent says otherwise [MCP-2]', async () => {
  const source = scriptedSource('github', listed('remove', { readOnly: false }))
  const { clock, harnessOf } = setup([source], [call('github_remove'), says('ok')])
  const harness = harnessOf()
  const session = await harness.getSession('s')
  const handle = await session.agents.agent.start('go', run)
  await rest(clock)
  expect(source.calls).toEqual([])
  const approval = await onlyApproval(harness)
  expect(approval).toMatchObject({ tool: 'github_remove', toolVersion: 'v1', arguments: { id: 1 } })
  await harness.approvals.resolve(approval, { decision: 'allow' })
  expect(await clock.until(handle.result)).toBe('ok')
  expect(source.calls).toHaveLength(1)

  const allowed = setup([source], [call('github_remove'), says('ok')])
  const other = await allowed.harnessOf({ permissions: { github_remove: 'allow' } }).getSession('s')
  await allowed.clock.until(other.agents.agent.run('go'))
  expect(source.calls).toHaveLength(2)
  const denied = setup([source], [call('github_remove'), says('ok')])
  const third = await denied.harnessOf({ permissions: { github_remove: 'deny' } }).getSession('s')
  await denied.clock.until(third.agents.agent.run('go'))
  expect(source.calls).toHaveLength(2)
})

test('an approval does not count for a tool that the server has changed since [MCP-5]', async () => {
  const source = scriptedSource('github', listed('remove', { readOnly: false }))
  const { clock, harnessOf, resultOf } = setup([source], [call('github_remove'), says('ok')])
  const harness = harnessOf()
  const session = await harness.getSession('s')
  const handle = await session.agents.agent.start('go', run)
  await rest(clock)
  source.tools = [listed('remove', { readOnly: false, version: 'v2' })]
  const approval = await onlyApproval(harness)
  await harness.approvals.resolve(approval, { decision: 'allow' })
  await clock.until(handle.result)
  expect(resultOf(1)).toMatchObject([{ isError: true, output: 'The tool "remove" has changed.' }])
  const finished = (await collect(harness.runs.events('r'))).find(({ type }) => type === 'tool.finished')
  expect(finished).toMatchObject({ status: 'failed', error: { code: 'tool-source/changed' } })
})

test('a run that goes on in another process offers the tools that it began with [MCP-3]', async () => {
  const source = scriptedSource('github', listed('search'))
  const { clock, store, model, harnessOf } = setup([source], [call('github_search'), says('ok')])
  const mortal = mortalStore(store, (batch) => {
    if (typesOf(batch).includes('tool.finished')) mortal.die()
  })
  const first = await harnessOf({ store: mortal, owner: 'one' }).getSession('s')
  void first.agents.agent.run('go', run).catch(() => undefined)
  await clock.advance(100)
  source.tools = [listed('other'), listed('search')]
  await clock.advance(20_000)
  const harness = harnessOf({ owner: 'two' })
  const session = await harness.getSession('s')
  expect(await clock.until(session.agents.agent.run('go', run))).toBe('ok')
  expect(model.requests.map(({ tools }) => tools?.map(({ name }) => name))).toEqual([
    ['own', 'github_search'],
    ['own', 'github_search'],
  ])
  expect(source.log.filter((line) => line === 'list')).toHaveLength(1)
})

test('what a tool calls an error is an error result with bounded text [MCP-6]', async () => {
  const source = scriptedSource('github', listed('search'))
  source.answer = () => ({ isError: true, text: `no such repository ${'x'.repeat(20_000)}` })
  const { clock, harnessOf, resultOf } = setup([source], [call('github_search'), says('ok')])
  const session = await harnessOf().getSession('s')
  await clock.until(session.agents.agent.run('go'))
  const [result] = resultOf(1) as [{ output: string; isError: boolean }]
  expect(result.isError).toBe(true)
  expect(result.output).toMatch(/^no such repository x+…$/)
  expect(result.output.length).toBeLessThan(8_300)
})

test('a connection serves all runs of one session and ends with it; no other session shares it [MCP-7]', async () => {
  const source = scriptedSource('github', listed('search'))
  const script = [call('github_search'), says('ok'), says('ok'), says('ok')]
  const { clock, harnessOf } = setup([source], script)
  const harness = harnessOf()
  const session = await harness.getSession('s')
  await clock.until(session.agents.agent.run('go'))
  await clock.until(session.workflows.flow.run('go'))
  expect(source.log).toEqual(['open s', 'list', 'call search', 'list'])
  const other = await harness.getSession('t')
  await clock.until(other.agents.agent.run('go'))
  await session.close()
  await session.close()
  expect(source.log.slice(4)).toEqual(['open t', 'list', 'close s'])
  await harness.shutdown()
  expect(source.log.slice(7)).toEqual(['close t', 'close source'])
})

test('a source that cannot be reached is tried again and then fails the agent by name [MCP-7, MCP-8]', async () => {
  const down = (retryable: boolean) =>
    new PortError({
      code: 'tool-source/unavailable',
      message: 'The server "github" is not there.',
      retryable,
    })
  const source = scriptedSource('github', listed('search'))
  source.failures.push(down(true), down(true))
  const again = setup([source], [says('ok')])
  const session = await again.harnessOf().getSession('s')
  expect(await again.clock.until(session.agents.agent.run('go'))).toBe('ok')
  expect(source.log).toEqual(['open s', 'open s', 'open s', 'list'])
  source.failures.push(down(false))
  const { clock, harnessOf } = setup([source], [])
  const other = await harnessOf().getSession('s')
  const error = await clock.until(failureOf(other.agents.agent.run('go')))
  expect(error.code).toBe('tool-source/unavailable')
})

test('an abort reaches the call of a source [MCP-8]', async () => {
  const source = scriptedSource('github', listed('search'))
  let called!: (signal: AbortSignal) => void
  const under = new Promise<AbortSignal>((resolve) => (called = resolve))
  source.answer = (_name, _input, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      called(signal)
    })
  const { clock, harnessOf } = setup([source], [call('github_search')])
  const session = await harnessOf().getSession('s')
  const caller = new AbortController()
  const ended = failureOf(session.agents.agent.run('go', { signal: caller.signal }))
  const signal = await clock.until(under)
  caller.abort()
  expect((await clock.until(ended)).code).toBe('run/cancelled')
  expect(signal.aborted).toBe(true)
})

test('two tools of one name are refused by name, and names that are too long are left out [MCP-1]', async () => {
  const source = scriptedSource('read', listed('it'), listed('x'.repeat(60)))
  const tool = defineTool({ name: 'read_it', description: 'Reads.', input: z.object({}), execute: () => 1 })
  const clock = manualPlatform()
  const model = scriptedModel([says('ok')])
  const agentOf = (tools: readonly (typeof tool | ToolSource)[]) =>
    defineAgent({ name: 'a', model: 'm', instructions: '.', tools })
  const harness = defineHarness({
    name: 'test',
    models: { m: model },
    agents: { twin: agentOf([tool, source]), one: { ...agentOf([source]), name: 'one' } },
    platform: clock,
  })
  const session = await harness.getSession('s')
  const error = await clock.until(failureOf(session.agents.twin.run('go')))
  expect(error.code).toBe('config/definition')
  expect(error.message).toMatch(/"read_it" of the source "read" has the name of another tool/)
  await clock.until(session.agents.one.run('go'))
  expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(['read_it'])
  expect(thrownBy(() => agentOf([source, scriptedSource('read')])).message).toMatch(/two tool sources/)
  expect(thrownBy(() => agentOf([scriptedSource('a_b')])).message).toMatch(/"a_b" of a tool source/)
})

test('the connections of a run whose session nobody holds end with its attempt [MCP-7]', async () => {
  const source = scriptedSource('github', listed('remove', { readOnly: false }))
  const { clock, harnessOf } = setup([source], [call('github_remove'), says('ok')])
  const first = harnessOf({ owner: 'one' })
  const session = await first.getSession('s')
  void session.agents.agent.run('go', run).catch(() => undefined)
  await rest(clock)
  expect(source.log).toEqual(['open s', 'list'])
  await first.shutdown()
  expect(source.log.splice(0)).toEqual(['open s', 'list', 'close s', 'close source'])
  const second = harnessOf({ owner: 'two' })
  const approval = await onlyApproval(second)
  await second.approvals.resolve(approval, { decision: 'allow' })
  const handle = await second.runs.resume('r')
  expect(await clock.until(handle.result)).toBe('ok')
  await expect.poll(() => source.log).toEqual(['open s', 'call remove', 'close s'])
  await second.shutdown()
})

test('a source gets the sandbox of its session, opened when it asks, and ends before it [MCP-7]', async () => {
  const source = scriptedSource('github', listed('search'))
  const { clock, harnessOf } = setup([source], [says('ok')])
  const session = await harnessOf().getSession('s')
  await clock.until(session.agents.agent.run('go'))
  const sandbox = await source.requests[0]?.sandbox()
  expect(await sandbox?.files.stat('/workspace')).toMatchObject({ kind: 'directory' })
  await session.close()
  const error = await failureOf(sandbox?.files.stat('/workspace') ?? Promise.resolve())
  expect(error.code).toBe('sandbox/closed')
})
