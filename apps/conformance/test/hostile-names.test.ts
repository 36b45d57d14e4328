import { defineAgent, defineHarness, defineTool, defineWorkflow, HarnessError } from '@belay/core'
import type { Harness } from '@belay/core'
import { scriptedModel, textTurn } from '@belay/testing'
import type { StorePlace } from '@belay/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { adapterSets, reportCounts } from '../src/index.ts'

/** Names that a language, a file system, a database or a reader takes for something else. */
const hostile: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'a\u0000b',
  '\u0000',
  'a%',
  '%',
  '_',
  'a_b',
  'aXb',
  '../up',
  '../../etc/passwd',
  'a/b',
  '/',
  '.',
  '..',
  "'; DROP TABLE memory; --",
  '"',
  'a b',
  ' a',
  'a ',
  '',
  'Paypal',
  'paypal',
  'pаypal',
  'é',
  'e\u0301',
  'ﬁ',
  'fi',
  '🧗',
  '\ud800',
  '\u202egnp.exe',
  'a\nb',
  'x'.repeat(181),
  'x'.repeat(1_048_576),
]

/** What became of a name: it was taken and gave this back, or it was refused by this code. */
type Fate = { readonly taken: unknown } | { readonly refused: string }

async function fateOf(use: () => Promise<unknown>): Promise<Fate> {
  try {
    return { taken: await use() }
  } catch (error) {
    if (HarnessError.is(error)) return { refused: error.code }
    throw error
  }
}

/** Every way in which a plain object could have been changed for everybody. */
function prototypeState(): unknown {
  return [Object.prototype, Array.prototype, Function.prototype].map((prototype) =>
    Reflect.ownKeys(prototype).map((key) => [key, Object.getOwnPropertyDescriptor(prototype, key)?.value]),
  )
}

/** Texts that look alike to nobody but a reader; a short name for messages. */
const shown = (name: string): string => JSON.stringify(name).slice(0, 40)

const echo = defineWorkflow({
  name: 'echo',
  input: z.object({ name: z.string() }),
  output: z.json(),
  run: async (ctx, { name }) => {
    const key = name.length > 1_000 ? 'long' : name
    return ctx.step('work', () => ({ name: key, session: ctx.sessionId.length }))
  },
})

const stepping = defineWorkflow({
  name: 'stepping',
  input: z.object({}),
  output: z.json(),
  run: async (ctx) => {
    const results: [string, string][] = []
    // A name with half a character could not come in as input.
    for (const name of hostile) {
      const fate = await fateOf(() => ctx.step(name, () => `step ${name}`))
      results.push(['step', JSON.stringify(fate)])
      const keyed = await fateOf(() => ctx.step('keyed', () => `key ${name}`, { key: name }))
      results.push(['key', JSON.stringify(keyed)])
    }
    return results
  },
})

const remembering = defineWorkflow({
  name: 'remembering',
  input: z.object({ names: z.array(z.string()), read: z.boolean() }),
  output: z.json(),
  run: async (ctx, { names, read }) => {
    const fates: string[] = []
    for (const [index, name] of names.entries()) {
      for (const scope of ['session', 'user'] as const) {
        const fate = await fateOf(async () => {
          const handle = scope === 'session' ? ctx.memory.session : ctx.memory.user(name)
          const key = scope === 'session' ? name : 'k'
          if (!read) await handle.write(key, { index, scope, length: name.length })
          return (await handle.read(key))?.value ?? null
        })
        fates.push(JSON.stringify(fate))
      }
    }
    return fates
  },
})

const refusedHere = /^[^\p{Cc}\p{Cs}]{1,180}$/u
const namePattern = /^[A-Za-z0-9_.:-]{1,64}$/
const runIdPattern = /^[A-Za-z0-9_.:-]{1,128}$/
const memoryKeyPattern = /^[A-Za-z0-9_.\-:]{1,256}$/

describe.each(Object.entries(adapterSets))('hostile names on %s', (set, places) => {
  let place: StorePlace
  let harness: Harness<
    Record<never, never>,
    { echo: typeof echo; stepping: typeof stepping; remembering: typeof remembering }
  >
  let before: unknown

  beforeEach(async () => {
    before = prototypeState()
    place = await places()
    harness = defineHarness({
      name: 'hostile',
      models: {},
      workflows: { echo, stepping, remembering },
      store: await place.open(),
    })
  })

  afterEach(async () => {
    await harness.shutdown()
    await place.close()
    expect(prototypeState(), 'no prototype was touched').toEqual(before)
  })

  test('a session is its own, or is refused by name', async () => {
    const taken: string[] = []
    for (const name of hostile) {
      const fate = await fateOf(async () => {
        const session = await harness.getSession(name)
        await session.memory.write('mine', { of: name })
        await session.history.replace([{ role: 'user', content: [{ type: 'text', text: name }] }])
        return await session.workflows.echo.run({ name })
      })
      if (refusedHere.test(name)) taken.push(name)
      expect(fate, shown(name)).toEqual(
        refusedHere.test(name)
          ? { taken: { name, session: name.length } }
          : { refused: 'validation/options' },
      )
    }
    for (const name of taken) {
      const session = await harness.getSession(name)
      expect((await session.memory.read('mine'))?.value).toEqual({ of: name })
      expect(await session.history.list()).toEqual([
        { role: 'user', content: [{ type: 'text', text: name }] },
      ])
      const runs = await harness.runs.list({ sessionId: name })
      expect(
        runs.map((run) => run.sessionId),
        shown(name),
      ).toEqual([name])
    }
    reportCounts(`hostile names / ${set}`, { names: hostile.length, 'sessions apart': taken.length })
  })

  test('a run id is its own, or is refused by name', async () => {
    const session = await harness.getSession('s')
    for (const name of hostile) {
      const fate = await fateOf(() => session.workflows.echo.run({ name }, { durable: { runId: name } }))
      expect(fate, shown(name)).toEqual(
        runIdPattern.test(name) ? { taken: { name, session: 1 } } : { refused: 'validation/options' },
      )
      const found = await fateOf(() => harness.runs.get(name))
      const id = 'taken' in found ? (found.taken as { runId?: string } | undefined)?.runId : undefined
      expect(id, shown(name)).toBe(runIdPattern.test(name) ? name : undefined)
    }
    // The same id again gives the stored output, and never that of a look-alike.
    for (const name of hostile.filter((each) => runIdPattern.test(each)))
      expect(await session.workflows.echo.run({ name }, { durable: { runId: name } })).toEqual({
        name,
        session: 1,
      })
  })

  test('a step is its own, or is refused by name, and a replay finds it', async () => {
    const session = await harness.getSession('s')
    const run = () => session.workflows.stepping.run({}, { durable: { runId: 'r' } })
    const results = await run()
    expect(results).toEqual(
      hostile.flatMap((name) =>
        ['step', 'key'].map((kind) => [
          kind,
          JSON.stringify(
            namePattern.test(name) ? { taken: `${kind} ${name}` } : { refused: 'validation/options' },
          ),
        ]),
      ),
    )
    const fork = await harness.runs.fork('r', { runId: 'again' })
    expect(await fork.result).toEqual(results)
  })

  test('a memory key or id is its own, or is refused by name', async () => {
    const session = await harness.getSession('s')
    const other = await harness.getSession('S')
    const names = hostile.filter((name) => name.isWellFormed())
    const run = (read: boolean, from = session) => from.workflows.remembering.run({ names, read })
    const expected = (isOther: boolean): string[] =>
      names.flatMap((name, index) => {
        const value = (scope: string): Fate => ({ taken: { index, scope, length: name.length } })
        const absent: Fate = { taken: null }
        return [
          memoryKeyPattern.test(name)
            ? isOther
              ? absent
              : value('session')
            : { refused: 'validation/options' },
          name.length >= 1 && name.length <= 512 ? value('user') : { refused: 'validation/memory_scope' },
        ].map((fate) => JSON.stringify(fate))
      })
    expect(await run(false)).toEqual(expected(false))
    expect(await run(true)).toEqual(expected(false))
    expect(await run(true, other), 'nothing of another session').toEqual(expected(true))
  })

  test('agents, tools, workflows and aliases with such names are refused, or are own properties', async () => {
    for (const name of hostile) {
      const parts = {
        agent: () => defineAgent({ name, model: 'm', instructions: 'x' }),
        workflow: () => defineWorkflow({ name, input: z.json(), output: z.json(), run: async () => null }),
        tool: () => defineTool({ name, description: 'x', input: z.object({}), execute: () => null }),
      }
      for (const [what, define] of Object.entries(parts)) {
        const pattern = what === 'tool' ? /^[A-Za-z0-9_-]{1,64}$/ : namePattern
        const fate = await fateOf(async () => define().name)
        expect(fate, `${what} ${shown(name)}`).toEqual(
          pattern.test(name) ? { taken: name } : { refused: 'config/definition' },
        )
      }
    }
    const agents = Object.fromEntries(
      hostile
        .filter((name) => namePattern.test(name))
        .map((name) => [name, defineAgent({ name, model: 'm', instructions: name })]),
    )
    const turns = Object.keys(agents).map((name) => textTurn(`I am ${name}.`))
    await using named = defineHarness({ name: 'named', models: { m: scriptedModel(turns) }, agents })
    const session = await named.getSession('s')
    expect(Object.keys(session.agents)).toEqual(Object.keys(agents))
    for (const name of Object.keys(agents))
      expect(await session.agents[name]?.run('Who are you?')).toBe(`I am ${name}.`)
    expect('constructor' in session.workflows || '__proto__' in session.workflows).toBe(false)
  })
})
