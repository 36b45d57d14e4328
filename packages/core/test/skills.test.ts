import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineSkill, defineTool, type Skill } from '../src/index.ts'
import type { Model, Store } from '../src/ports/index.ts'
import { collect, failureOf, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel } from './fixtures/scripted-model.ts'

const forms = (instructions = 'Open the form first.') =>
  defineSkill({
    name: 'pdf-forms',
    description: 'Fills in\n  PDF forms. Use it for any form.',
    instructions,
    license: 'MIT',
    compatibility: 'Needs qpdf.',
    metadata: { author: 'ada' },
    allowedTools: ['grab', 'bash(git add:*)'],
    files: { 'reference/fields.md': '# Fields', 'logo.png': new Uint8Array([0x89, 0x50, 0, 1]) },
  })

const grab = defineTool({
  name: 'grab',
  description: 'Grabs.',
  input: z.object({}),
  effect: 'read',
  execute: () => 1,
})

function harnessWith(skills: readonly Skill[], model: Model, over: { store?: Store; owner?: string } = {}) {
  const clock = manualPlatform()
  const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [grab], skills })
  const harness = defineHarness({
    name: 'test',
    models: { main: model },
    agents: { agent },
    store: over.store ?? storeOn(clock),
    platform: clock,
  })
  return { clock, harness }
}

/** What the model gets for these calls of `read_skill`. */
async function read(skills: readonly Skill[], ...asked: readonly unknown[]) {
  const model = scriptedModel([
    calls(...asked.map((args, index) => [`c${index}`, 'read_skill', args] as const)),
    says('ok'),
  ])
  const { clock, harness } = harnessWith(skills, model)
  const session = await harness.getSession('s')
  await clock.until(session.agents.agent.run('go'))
  const message = model.requests[1]?.messages.at(-1)
  const results = message?.role === 'tool' ? message.content : []
  return { model, results: results.map(({ output, isError }) => ({ output, isError })) }
}

test('the prompt lists name and description of each skill and nothing more of it [SKL-2]', async () => {
  const other = defineSkill({ name: 'a-b', description: 'Other.', instructions: 'Hidden text.' })
  const { model } = await read([forms(), other], { name: 'a-b' })
  const [system] = model.requests[0]?.messages ?? []
  expect(system?.content).toBe(
    'Help.\n\nSkills are instructions for certain work. When a task fits one of these, read it with read_skill ' +
      'before you begin.\n\n- pdf-forms: Fills in PDF forms. Use it for any form.\n- a-b: Other.',
  )
  expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(['grab', 'read_skill'])
})

test('an agent without skills has neither the list nor the tool', async () => {
  const model = scriptedModel([says('ok')])
  const { clock, harness } = harnessWith([], model)
  await clock.until((await harness.getSession('s')).agents.agent.run('go'))
  expect(model.requests[0]?.messages[0]?.content).toBe('Help.')
  expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(['grab'])
})

test('read_skill gives the instructions, the paths of the files and which of its tools there are [SKL-3]', async () => {
  const { results } = await read([forms()], { name: 'pdf-forms' })
  expect(results).toEqual([
    {
      isError: false,
      output: {
        skill: 'pdf-forms',
        instructions: 'Open the form first.',
        files: ['logo.png', 'reference/fields.md'],
        compatibility: 'Needs qpdf.',
        tools: { available: ['grab'], missing: ['bash(git add:*)'] },
      },
    },
  ])
})

test('read_skill gives a file, and refuses what is not there or is not text [SKL-3]', async () => {
  const { results } = await read(
    [forms()],
    { name: 'pdf-forms', path: 'reference/fields.md' },
    { name: 'pdf-forms', path: 'logo.png' },
    { name: 'pdf-forms', path: '../secrets' },
    { name: 'pdf-forms', path: '/etc/passwd' },
    { name: 'none' },
    { name: 'pdf-forms', paht: 'x' },
  )
  expect(results[0]).toEqual({
    isError: false,
    output: { skill: 'pdf-forms', path: 'reference/fields.md', text: '# Fields' },
  })
  expect(results.slice(1).map(({ isError }) => isError)).toEqual([true, true, true, true, true])
  expect(results[1]?.output).toBe(
    '"logo.png" of the skill "pdf-forms" is not text (4 bytes) and cannot be read here.',
  )
  expect(results[4]?.output).toBe('There is no skill "none".')
})

test('what is refused is recorded as skill/unreadable with a reason', async () => {
  const model = scriptedModel([calls(['c', 'read_skill', { name: 'none' }]), says('ok')])
  const { clock, harness } = harnessWith([forms()], model)
  const session = await harness.getSession('s')
  await clock.until(session.agents.agent.run('go', { durable: { runId: 'r' } }))
  const events = await collect(harness.runs.events('r'))
  expect(events.find(({ type }) => type === 'tool.finished')).toMatchObject({
    error: { code: 'skill/unreadable', meta: { skill: 'none', reason: 'unknown_skill' } },
  })
})

describe('a run that read a skill', () => {
  async function killedAfterRead() {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    let models = 0
    const store = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('model.finished') && ++models === 2) store.die()
    })
    const start = (skill: Skill, owner: string, script: Model, on: Store) => {
      const agent = defineAgent({
        name: 'helper',
        model: 'main',
        instructions: 'Help.',
        skills: [skill],
      })
      return defineHarness({
        name: 'test',
        models: { main: script },
        agents: { agent },
        store: on,
        platform: clock.process(owner),
      })
    }
    const first = scriptedModel([calls(['c', 'read_skill', { name: 'pdf-forms' }]), says('lost')])
    const session = await start(forms(), 'first', first, store).getSession('s')
    void session.agents.agent.run('go', { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.settle()
    clock.dead.add('first')
    const resume = async (skill: Skill) => {
      const harness = start(skill, 'second', scriptedModel([says('done')]), shared)
      const again = await harness.getSession('s')
      return clock.until(again.agents.agent.run('go', { durable: { runId: 'r' } }))
    }
    return resume
  }

  test('goes on with the same snapshot [SKL-3]', async () => {
    const resume = await killedAfterRead()
    expect(await resume(forms())).toBe('done')
  })

  test('does not go on with another one: it has diverged and nothing is written [SKL-3]', async () => {
    const resume = await killedAfterRead()
    expect((await failureOf(resume(forms('Do something else.')))).code).toBe('run/diverged')
    // The snapshot that it has read can still finish it.
    expect(await resume(forms())).toBe('done')
  })
})

describe('a skill', () => {
  test('is frozen, and its bytes cannot be changed from outside [SKL-3]', () => {
    const bytes = new Uint8Array([1, 2, 3])
    const skill = defineSkill({
      name: 'a',
      description: 'A.',
      instructions: 'x',
      files: { 'data.bin': bytes },
    })
    const file = skill.files.find(({ path }) => path === 'data.bin')
    const { hash } = skill
    bytes[0] = 9
    file?.content().fill(9)
    expect(file?.content()).toEqual(new Uint8Array([1, 2, 3]))
    expect(skill.hash).toBe(hash)
    for (const value of [skill, skill.files, skill.metadata, file]) expect(Object.isFrozen(value)).toBe(true)
  })

  test('has the hash of its content: equal when equal, another for any difference', () => {
    const base = { name: 'a', description: 'A.', instructions: 'x', files: { f: '1' } }
    const hashes = [
      base,
      { ...base, description: 'B.' },
      { ...base, instructions: 'y' },
      { ...base, license: 'MIT' },
      { ...base, compatibility: 'MIT' },
      { ...base, metadata: { a: 'b' } },
      { ...base, allowedTools: ['x'] },
      { ...base, files: { f: '2' } },
      { ...base, files: { g: '1' } },
    ].map((init) => defineSkill(init).hash)
    expect(new Set(hashes).size).toBe(hashes.length)
    expect(defineSkill({ ...base }).hash).toBe(hashes[0])
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/)
  })

  test('has a SKILL.md, also when it was made in code', () => {
    expect(forms().files.map(({ path }) => path)).toEqual(['SKILL.md', 'logo.png', 'reference/fields.md'])
    expect(forms().files[0]?.text).toBe(
      '---\nname: pdf-forms\ndescription: "Fills in\\n  PDF forms. Use it for any form."\n---\n\nOpen the form first.\n',
    )
  })

  test.each([
    ['name', { name: 'Pdf' }],
    ['name', { name: 'a--b' }],
    ['name', { name: '-a' }],
    ['name', { name: 'a'.repeat(65) }],
    ['name', { name: '' }],
    ['description', { description: ' ' }],
    ['description', { description: 'x'.repeat(1_025) }],
    ['compatibility', { compatibility: 'x'.repeat(501) }],
    ['license', { license: '' }],
    ['metadata', { metadata: { version: 1 } }],
    ['allowed-tools', { allowedTools: ['two words'] }],
    ['instructions', { instructions: undefined }],
  ])('with a wrong %s is refused: %j', (field, over) => {
    const init = { name: 'a', description: 'A.', instructions: 'x', ...over }
    const error = thrownBy(() => defineSkill(init as never))
    expect(error).toMatchObject({ code: 'skill/invalid', meta: { field } })
  })

  test.each(['../a', '/a', 'a/../b', './a', 'a//b', 'a/', '', 'a\\b', 'a\u0000b', '..'])(
    'with the path %j is refused [SKL-4]',
    (path) => {
      const init = { name: 'a', description: 'A.', instructions: 'x', files: { [path]: 'x' } }
      expect(thrownBy(() => defineSkill(init))).toMatchObject({
        code: 'skill/path',
        meta: { reason: 'traversal' },
      })
    },
  )
})

test('an agent refuses two skills of one name, what is no skill, and a tool with the name of theirs', () => {
  const base = { name: 'a', model: 'm', instructions: 'x' }
  const reader = defineTool({ name: 'read_skill', description: 'x', input: z.object({}), execute: () => 1 })
  for (const over of [
    { skills: [forms(), forms('other')] },
    { skills: [{} as Skill] },
    { skills: [forms()], tools: [reader] },
  ])
    expect(thrownBy(() => defineAgent({ ...base, ...over })).code).toBe('config/definition')
  expect(defineAgent({ ...base, tools: [reader] }).tools).toHaveLength(1)
})
