import { describe, expect, test } from 'vitest'
import { defineHarness } from '../src/index.ts'
import { PortError, portSpecs, type Sandbox, type SandboxAdapter } from '../src/ports/index.ts'
import { inMemoryFiles } from '../src/in-memory/in-memory-files.ts'
import { SessionResources } from '../src/run/session-resources.ts'
import { nodePlatform } from '../src/platform/node-platform.ts'
import { recordingLogger } from './fixtures/recording-logger.ts'
import { thrownBy } from './fixtures/collect.ts'

/** A sandbox adapter that writes down what is opened and closed. */
function watchedSandbox(log: string[], failures: { open?: number; close?: number } = {}): SandboxAdapter {
  let [opened, closed] = [0, 0]
  return {
    ...inMemoryFiles().sandbox,
    info: {
      id: 'watched',
      packageName: 'fixture',
      version: '1',
      specs: { sandbox: portSpecs.sandbox },
      capabilities: ['sandbox.watched'],
    },
    open: async ({ sessionId }): Promise<Sandbox> => {
      log.push(`open ${sessionId}`)
      if (++opened <= (failures.open ?? 0)) throw new PortError({ code: 'sandbox/io', message: 'no' })
      return {
        report: inMemoryFiles().sandbox.report,
        files: {} as Sandbox['files'],
        close: async () => {
          log.push(`close ${sessionId}`)
          if (++closed <= (failures.close ?? 0)) throw new PortError({ code: 'sandbox/io', message: 'no' })
        },
      }
    },
    close: async () => void log.push('close adapter'),
  }
}

function resources(log: string[], failures: { open?: number; close?: number } = {}) {
  const used = new Set<string>()
  const logger = recordingLogger()
  const sessions = new SessionResources({
    sandbox: watchedSandbox(log, failures),
    platform: nodePlatform(),
    logger,
    inUse: (sessionId) => used.has(sessionId),
  })
  return { sessions, used, logger }
}

describe('what belongs to a session', () => {
  test('its sandbox is opened once, and what was opened on it is closed before it', async () => {
    const log: string[] = []
    const { sessions } = resources(log)
    const [first, second] = await Promise.all([sessions.sandbox('a'), sessions.sandbox('a')])
    expect(first).toBe(second)
    sessions.onClose('a', async () => void log.push('connection'))
    sessions.onClose('a', async () => void log.push('forgotten'))()
    await sessions.close('a')
    await sessions.close('a')
    expect(log).toEqual(['open a', 'connection', 'close a'])
  })

  test('a failed opening is not remembered', async () => {
    const log: string[] = []
    const { sessions } = resources(log, { open: 1 })
    await expect(sessions.sandbox('a')).rejects.toMatchObject({ code: 'sandbox/io' })
    await sessions.sandbox('a')
    await sessions.closeAll()
    expect(log).toEqual(['open a', 'open a', 'close a'])
  })

  test('what nobody uses is closed, and a failure of that is logged', async () => {
    const log: string[] = []
    const { sessions, used, logger } = resources(log, { close: 1 })
    used.add('a')
    await sessions.sandbox('a')
    await sessions.closeUnused('a')
    expect(log).toEqual(['open a'])
    used.clear()
    await sessions.closeUnused('a')
    expect(log).toEqual(['open a', 'close a'])
    expect(logger.lines).toMatchObject([
      {
        level: 'warn',
        message: 'session not closed cleanly',
        fields: { sessionId: 'a', error: 'sandbox/io' },
      },
    ])
  })
})

describe('a harness with a sandbox', () => {
  test('shows it, and closes it', async () => {
    const log: string[] = []
    const harness = defineHarness({
      name: 'test',
      models: {},
      sandbox: watchedSandbox(log),
      requires: ['sandbox.watched'],
    })
    expect(harness.inspect().sandbox).toEqual(inMemoryFiles().sandbox.report)
    expect(harness.inspect().adapters.map(({ role }) => role)).toEqual(['store', 'platform', 'sandbox'])
    await harness.shutdown()
    expect(log).toEqual(['close adapter'])
  })

  test('a workspace without its sandbox is refused', () => {
    const workspace = { info: watchedSandbox([]).info } as never
    expect(thrownBy(() => defineHarness({ name: 'test', models: {}, workspace }))).toMatchObject({
      code: 'config/adapter',
    })
  })
})
