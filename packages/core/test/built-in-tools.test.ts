import { describe, expect, test } from 'vitest'
import { defineAgent, defineHarness, defineSkill, inMemoryFiles } from '../src/index.ts'
import { ExecError, type Message } from '../src/ports/index.ts'
import * as builtIn from '../src/tools/index.ts'
import { bash, edit, glob, grep, list, read, write } from '../src/tools/index.ts'
import { boundText } from '../src/tools/builtin/bounded-text.ts'
import { thrownBy } from './fixtures/collect.ts'
import { calls, says, scriptedModel } from './fixtures/scripted-model.ts'
import { tracing } from './fixtures/tracing.ts'
import { watchedFiles } from './fixtures/watched-files.ts'

type Call = readonly [name: string, args: unknown]

const skill = defineSkill({
  name: 'style',
  description: 'How to write.',
  instructions: 'Be brief.',
  files: { 'words.txt': 'few' },
})

/** Lets an agent make calls one after the other, and gives what the model was told. */
async function told(
  list_: readonly Call[],
  options: { files?: ReturnType<typeof watchedFiles>; telemetry?: ReturnType<typeof tracing> } = {},
) {
  const files = options.files ?? watchedFiles()
  const model = scriptedModel([
    ...list_.map(([name, args], index) => calls([`c${index}`, name, args])),
    says('done'),
  ])
  const agent = defineAgent({
    name: 'coder',
    model: 'm',
    instructions: 'Work.',
    tools: [read, write, edit, list, glob, grep, bash],
    skills: [skill],
    permissions: { write: 'allow', edit: 'allow', bash: 'allow' },
    maxSteps: 40,
  })
  const harness = defineHarness({
    name: 'test',
    models: { m: model },
    agents: { agent },
    sandbox: files.sandbox,
    workspace: files.workspace,
    ...(options.telemetry && { telemetry: options.telemetry.telemetry }),
  })
  const session = await harness.getSession('s')
  await session.agents.agent.run('go', { durable: { runId: 'r' } })
  await harness.shutdown()
  return resultsOf(model.requests.at(-1)?.messages ?? [])
}

function resultsOf(messages: readonly Message[]): unknown[] {
  return messages.flatMap((message) =>
    message.role === 'tool'
      ? message.content.map(({ output, isError }) => (isError ? { error: output } : output))
      : [],
  )
}

test('the exports of @belay/core/tools, and what each may do unasked [TOL-1, TOL-2, TOL-3]', () => {
  const facts = Object.entries(builtIn).map(([name, tool]) => [
    name,
    tool.name,
    tool.permission,
    tool.effect,
    tool.workspace,
  ])
  expect(facts.toSorted(([left], [right]) => (String(left) < String(right) ? -1 : 1))).toEqual([
    ['bash', 'bash', 'ask', 'once', 'write'],
    ['edit', 'edit', 'ask', 'idempotent', 'write'],
    ['glob', 'glob', 'allow', 'read', undefined],
    ['grep', 'grep', 'allow', 'read', undefined],
    ['list', 'list', 'allow', 'read', undefined],
    ['read', 'read', 'allow', 'read', undefined],
    ['write', 'write', 'ask', 'idempotent', 'write'],
  ])
})

test('files are written, read, changed and found [TOL-7]', async () => {
  const path = '/workspace/src/a.ts'
  expect(
    await told([
      ['write', { path, content: 'one\ntwo $& two\nthree\n' }],
      ['read', { path }],
      ['read', { path, offset: 2, limit: 1 }],
      ['edit', { path, find: 'two', replace: '$&' }],
      ['edit', { path, find: 'two', replace: '$&', all: true }],
      ['read', { path, offset: 2 }],
      ['list', {}],
      ['list', { path: '/workspace/src' }],
      ['glob', { pattern: '**/*.ts' }],
      ['glob', { pattern: '*.md' }],
      ['grep', { pattern: 'T.REE', ignoreCase: true }],
      ['grep', { pattern: 'four' }],
    ]),
  ).toEqual([
    `Wrote 21 bytes to ${path}.`,
    '1\tone\n2\ttwo $& two\n3\tthree',
    '2\ttwo $& two\n[lines 2 to 2 of 3; go on with offset 3]',
    { error: expect.stringContaining('more than once') },
    `Replaced 2 places in ${path}.`,
    '2\t$& $& $&\n3\tthree',
    'src/',
    'a.ts (19 bytes)',
    path,
    '[no file matches]',
    `${path}:3: three`,
    '[nothing matches]',
  ])
})

test('a wrong path comes back to the model as an error [TOL-5]', async () => {
  const results = await told([
    ['read', { path: '/workspace/none' }],
    ['list', { path: '/workspace/none' }],
    ['read', { path: 'a.txt' }],
    ['write', { path: '/etc/passwd', content: '' }],
    ['write', { path: '/workspace/b', content: 'a\0b' }],
    ['read', { path: '/workspace/b' }],
  ])
  expect(results).toEqual([
    { error: 'There is no file "/workspace/none".' },
    { error: 'There is no directory "/workspace/none".' },
    { error: expect.stringContaining('a.txt') },
    { error: expect.stringContaining('/etc/passwd') },
    'Wrote 3 bytes to /workspace/b.',
    { error: '"/workspace/b" is not UTF-8 text (3 bytes) and cannot be shown.' },
  ])
})

test('skills are files of the sandbox, once it is opened [WSP-29]', async () => {
  const results = await told([
    ['list', { path: '/skills/style' }],
    ['read', { path: '/skills/style/words.txt' }],
    ['write', { path: '/skills/style/words.txt', content: 'many' }],
  ])
  expect(results).toEqual([
    expect.stringContaining('words.txt (3 bytes)'),
    '1\tfew',
    { error: expect.stringContaining('/skills/style/words.txt') },
  ])
})

describe('bash', () => {
  test('says how a command ended and what it wrote [TOL-8]', async () => {
    expect(await told([['bash', { command: 'ls -l' }]])).toEqual(['[exit code 3]\n[stdout]\nbash -c ls -l'])
  })

  test('falls back to sh, and says what ended a command [TOL-8]', async () => {
    const files = watchedFiles()
    const output = {
      stdout: new TextEncoder().encode('half'),
      stderr: new Uint8Array(),
      stdoutTruncated: true,
      stderrTruncated: false,
    }
    const ends = [
      { code: 'sandbox/timeout', meta: { timeoutMs: 5 } },
      { code: 'sandbox/signal', meta: { signal: 'SIGSEGV' } },
      { code: 'sandbox/limit', meta: { reason: 'memory' } },
      { code: 'sandbox/limit', meta: { reason: 'bytes' } },
    ] as const
    const left = [...ends]
    const open = files.sandbox.open.bind(files.sandbox)
    files.sandbox.open = async (request) => ({
      ...(await open(request)),
      exec: async (command) => {
        if (command === 'bash')
          throw new ExecError({
            code: 'sandbox/command',
            message: 'none',
            meta: { reason: 'not_found' },
            output,
          })
        throw new ExecError({ ...(left.shift() ?? ends[0]), message: 'ended', output })
      },
    })
    const commands = ends.map((): [string, object] => ['bash', { command: 'x', timeoutMs: 5 }])
    const written = '[stdout, cut after 4 bytes]\nhalf'
    expect(await told(commands, { files })).toEqual([
      `[ended after 5 ms: it took too long]\n${written}`,
      `[ended by SIGSEGV]\n${written}`,
      `[ended: it took too much memory]\n${written}`,
      `[ended: it wrote more than the sandbox allows]\n${written}`,
    ])
  })

  test('is refused by name where the sandbox runs no commands [TOL-4]', () => {
    const agent = defineAgent({ name: 'coder', model: 'm', instructions: 'x', tools: [bash] })
    const models = { m: scriptedModel([]) }
    const refused = thrownBy(() =>
      defineHarness({ name: 'test', models, agents: { agent }, ...inMemoryFiles() }),
    )
    expect(refused).toMatchObject({ code: 'config/definition' })
    expect(refused.message).toContain('"bash" of agent "coder" needs "sandbox.exec"')
  })
})

test('long results keep their beginning and end and no half character [TOL-6]', () => {
  expect(boundText('short')).toBe('short')
  const cut = boundText('é'.repeat(100), 51)
  expect(cut).toBe(`${'é'.repeat(12)}\n[150 bytes are left out here]\n${'é'.repeat(12)}`)
})

test('commands and snapshots are spans of their step, without arguments or refs [TEL-12, TEL-13]', async () => {
  const telemetry = tracing()
  await told(
    [
      ['bash', { command: 'touch secret-word' }],
      ['write', { path: '/workspace/a', content: 'x' }],
    ],
    { telemetry },
  )
  const [exec] = telemetry.named('belay.sandbox.exec')
  expect(exec?.attributes).toMatchObject({
    'belay.sandbox.command': 'bash',
    'belay.sandbox.isolation': 'none',
    'belay.sandbox.exit_code': 3,
    'belay.sandbox.truncated': false,
  })
  expect(exec && telemetry.parentOf(exec)).toBe('execute_tool bash')
  const snapshots = telemetry.named('belay.workspace.snapshot')
  expect(snapshots).toHaveLength(2)
  expect(snapshots[1]?.attributes).toMatchObject({
    'belay.workspace.ref': expect.stringMatching(/^[0-9a-f]{64}$/),
    'belay.workspace.files': 1,
    'belay.workspace.bytes': 1,
  })
  expect(JSON.stringify(telemetry.spans().map(({ attributes }) => attributes))).not.toContain('secret-word')
  expect(telemetry.open).toBe(0)
})
