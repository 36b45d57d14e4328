import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { defineAgent, defineHarness, defineWorkflow, type StepSandbox } from '@belay/core'
import { isCodedError } from '@belay/core/ports'
import { bash, edit, grep, read, write } from '@belay/core/tools'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { recordingLogger, scriptedModel, textTurn, toolCallTurn } from '@belay/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { tempFolder } from '../src/index.ts'
import { canariesIn } from './support/canary-forms.ts'
import { collectTelemetry } from './support/collected-telemetry.ts'

/** Letters that a file name, a variable and a shell word may hold as they are. */
const canary = (name: string): string => `Cnry${name}8wLk3mVx7HpQz${Array.from(name).toReversed().join('')}`

const canaries = {
  file: canary('File'),
  folder: canary('Folder'),
  content: canary('Content'),
  edited: canary('Edited'),
  pattern: canary('Pattern'),
  argument: canary('Argument'),
  variable: canary('Variable'),
  stdin: canary('Stdin'),
  stdout: canary('Stdout'),
  stderr: canary('Stderr'),
  command: canary('Command'),
  shell: canary('Shell'),
}
const ofHost = canary('OfTheHost')

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const path = `/workspace/${canaries.folder}/${canaries.file}.txt`

/** What a step does in its sandbox, and the end of its run that follows. */
const ways: Readonly<Record<string, (sandbox: StepSandbox) => Promise<unknown>>> = {
  'files that are written, edited and searched': async ({ files }) => {
    await files.write(path, bytes(canaries.content))
    await files.edit(path, { find: canaries.content, replace: canaries.edited })
    await files.grep(canaries.pattern)
  },
  'a file that is not there': async ({ files }) => {
    await files.edit(path, { find: canaries.content, replace: canaries.edited })
  },
  'a path that is refused': async ({ files }) => {
    await files.write(`/${canaries.folder}/${canaries.file}`, bytes(canaries.content))
  },
  'a command that fails': async (sandbox) => {
    const { exitCode } = await sandbox.exec('sh', {
      args: ['-c', `cat; echo ${canaries.stdout}; echo ${canaries.stderr} >&2; exit 3`, canaries.argument],
      env: { CANARY: canaries.variable },
      stdin: bytes(canaries.stdin),
    })
    throw new Error(`${canaries.command} ended with ${exitCode}`)
  },
  'a command that is not there': async (sandbox) => {
    // The name of the program is all that telemetry says of a command.
    await sandbox.exec(`/${canaries.command}/no-such`, {
      args: [canaries.argument],
      env: { CANARY: canaries.variable },
    })
  },
  'a command that a signal ends': async (sandbox) => {
    await sandbox.exec('sh', { args: ['-c', `echo ${canaries.stdout}; kill -9 $$`] })
  },
  'a command that runs out of time': async (sandbox) => {
    await sandbox.exec('sh', { args: ['-c', `echo ${canaries.stdout}; sleep 1000`], timeoutMs: 500 })
  },
}

/** How each of them ends: what did not happen could not leak. */
const ends: Readonly<Record<string, string>> = {
  'files that are written, edited and searched': 'ok',
  'a file that is not there': 'sandbox/edit',
  'a path that is refused': 'sandbox/path',
  'a command that fails': 'an error of the step',
  'a command that is not there': 'sandbox/command',
  'a command that a signal ends': 'sandbox/signal',
  'a command that runs out of time': 'sandbox/timeout',
}

const work = defineWorkflow({
  name: 'work',
  input: z.string(),
  output: z.null(),
  run: async (ctx, way) => {
    await ctx.step('work', async ({ sandbox }) => void (await ways[way]?.(sandbox)), {
      workspace: 'write',
    })
    return null
  },
})

const coder = defineAgent({
  name: 'coder',
  model: 'm',
  instructions: 'Go.',
  tools: [bash, edit, grep, read, write],
  permissions: { write: 'allow', edit: 'allow', bash: 'allow' },
})

/** A harness over real files, with everything that leaves it collected. */
function world() {
  const folder = tempFolder()
  const root = folder.file('files')
  const file = folder.file('runs.db')
  mkdirSync(root)
  const collected = collectTelemetry()
  const logger = recordingLogger()
  const model = scriptedModel([
    toolCallTurn([{ name: 'write', arguments: { path, content: canaries.content } }]),
    toolCallTurn([{ name: 'edit', arguments: { path, find: canaries.content, replace: canaries.edited } }]),
    toolCallTurn([{ name: 'grep', arguments: { pattern: canaries.pattern } }]),
    toolCallTurn([
      { name: 'bash', arguments: { command: `echo ${canaries.shell}; env; ${canaries.command}` } },
    ]),
    textTurn('done'),
  ])
  const harness = defineHarness({
    name: 'canaries',
    models: { m: model },
    agents: { coder },
    workflows: { work },
    store: sqliteStore({ file }),
    logger,
    telemetry: { ...collected.telemetry, flavor: 'dual' },
    ...localWorkspace({ root, exec: true }),
  })
  process.env['BELAY_CANARY'] = ofHost
  onTestFinished(() => {
    delete process.env['BELAY_CANARY']
    collected[Symbol.dispose]()
    folder.remove()
  })
  return {
    harness,
    model,
    collected,
    /** What is known outside the journal, and what of the host got into the journal. */
    async leaks(runId: string) {
      const audit: unknown[] = []
      for await (const event of harness.runs.audit(runId)) audit.push(event)
      await harness.shutdown()
      expect(audit.length).toBeGreaterThan(1)
      const journal = readdirSync(dirname(file))
        .filter((name) => name.startsWith('runs.db'))
        .map((name) => readFileSync(`${dirname(file)}/${name}`, 'latin1'))
      return {
        logs: canariesIn(JSON.stringify(logger.lines), canaries),
        spans: canariesIn(collected.spanText(), canaries),
        metrics: canariesIn(await collected.metricText(), canaries),
        audit: canariesIn(JSON.stringify(audit), canaries),
        journal: canariesIn(journal.join('\n'), { ofHost }),
      }
    },
  }
}

const nowhere = { logs: [], spans: [], metrics: [], audit: [], journal: [] }
const durable = { runId: 'r' }

test.each(Object.keys(ways))(
  '%s: nothing of it is in logs, spans, metrics or audit events [TEL-5]',
  async (way) => {
    const { harness, collected, leaks } = world()
    const session = await harness.getSession('s')
    const ended = await session.workflows.work.run(way, { durable }).then(
      () => 'ok',
      (error: unknown) => (isCodedError(error) ? error.code : 'an error of the step'),
    )
    expect(ended).toBe(ends[way])
    const names = collected.spans().map(({ name }) => name)
    // What is searched is there: the span of the step, and that of its command.
    expect(names).toContain('belay.step')
    if (way.startsWith('a command')) expect(names).toContain('belay.sandbox.exec')
    expect(await leaks('r')).toEqual(nowhere)
  },
)

test('the built-in tools: the model sees what they give, and nobody else, and nothing of the host [TEL-5]', async () => {
  const { harness, model, leaks } = world()
  const session = await harness.getSession('s')
  expect(await session.agents.coder.run('go', { durable })).toBe('done')
  const seen = JSON.stringify(model.requests.at(-1))
  // The canaries were there to be found.
  for (const name of ['content', 'edited', 'shell', 'command'] as const)
    expect(seen).toContain(canaries[name])
  expect(seen).toContain('PATH=')
  expect(seen).not.toContain(ofHost)
  expect(await leaks('r')).toEqual(nowhere)
})
