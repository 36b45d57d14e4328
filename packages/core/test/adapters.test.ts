import { describe, expect, test } from 'vitest'
import { defineAgent, defineHarness, inMemoryStore } from '../src/index.ts'
import type { AdapterContext, Model, Store } from '../src/ports/index.ts'
import { thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { recordingLogger } from './fixtures/recording-logger.ts'
import { says, scriptedModel } from './fixtures/scripted-model.ts'

const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })

/** A store that says what was asked of it, and `configure` with it. */
function watchedStore(calls: string[], seen: AdapterContext[]): Store {
  const store = inMemoryStore()
  const watch = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          calls.push(String(name))
          return Reflect.apply(value, target, args)
        }
      },
    })
  return {
    ...store,
    journal: watch(store.journal),
    leases: watch(store.leases),
    configure: (context) => {
      calls.push('configure')
      seen.push(context)
    },
  }
}

describe('configure', () => {
  test('is called with what the harness is made of before anything opens [ADP-1, ADP-3]', async () => {
    const calls: string[] = []
    const seen: AdapterContext[] = []
    const platform = manualPlatform()
    const logger = recordingLogger()
    const harness = defineHarness({
      name: 'support',
      models: { main: scriptedModel([says('ok')]) },
      agents: { agent },
      store: watchedStore(calls, seen),
      platform,
      logger,
      defaults: { toolTimeoutMs: 7, historyWindow: 3 },
    })
    expect(calls).toEqual(['configure'])
    const [context] = seen
    expect(Object.keys(context ?? {}).toSorted()).toEqual([
      'defaults',
      'harness',
      'logger',
      'platform',
      'telemetry',
    ])
    expect(context).toMatchObject({
      harness: 'support',
      platform,
      defaults: {
        runTimeoutMs: 600_000,
        modelTimeoutMs: 300_000,
        toolTimeoutMs: 7,
        maxSteps: 16,
        historyWindow: 3,
      },
    })
    context?.logger.warn('hello')
    expect(logger.lines).toEqual([
      { level: 'warn', message: 'hello', fields: { harness: 'support', adapter: 'in-memory' } },
    ])
    const session = await harness.getSession('s')
    await platform.until(session.agents.agent.run('go'))
    expect(calls.filter((call) => call === 'configure')).toHaveLength(1)
    expect(calls.length).toBeGreaterThan(3)
  })

  test('is called once for an adapter, however many roles it fills [ADP-2]', () => {
    let configured = 0
    const model: Model = { ...scriptedModel([]), configure: () => void configured++ }
    const platform = manualPlatform()
    const store = inMemoryStore()
    // One object that is the store and the platform.
    const both = {
      ...platform,
      ...store,
      info: { ...store.info, specs: { ...store.info.specs, ...platform.info.specs } },
      configure: () => void configured++,
    }
    defineHarness({ name: 'test', models: { a: model, b: { model } }, store: both, platform: both })
    expect(configured).toBe(2)
  })

  test.each<[string, Store['configure'], RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no key')
      },
      /store: configure\(\) threw: no key/,
    ],
    ['returns a promise', async () => undefined, /store: configure\(\) returned a promise/],
  ])('that %s refuses the harness', (_title, configure, message) => {
    const store = { ...inMemoryStore(), ...(configure !== undefined && { configure }) }
    const error = thrownBy(() => defineHarness({ name: 'test', models: {}, store }))
    expect(error.code).toBe('config/adapter')
    expect(error.message).toMatch(message)
  })
})

describe('info', () => {
  test.each(['id', 'packageName', 'version', 'specs', 'capabilities'] as const)(
    'without %s is config/adapter [ADP-4]',
    (field) => {
      const { [field]: _left, ...info } = inMemoryStore().info
      const store = { ...inMemoryStore(), info } as unknown as Store
      const error = thrownBy(() => defineHarness({ name: 'test', models: {}, store }))
      expect(error.code).toBe('config/adapter')
      expect(error.message).toMatch(new RegExp(`store is not an adapter: .* lacks ${field}\\.$`))
    },
  )

  test('names everything that is missing at once, and what `requires` lacks as well [ADP-4, ADP-6]', () => {
    const store = { ...inMemoryStore(), info: {} } as unknown as Store
    expect(thrownBy(() => defineHarness({ name: 'test', models: {}, store })).message).toMatch(
      /lacks id, packageName, version, specs, capabilities/,
    )
    const define = () =>
      defineHarness({ name: 'test', models: {}, requires: ['store.persistent', 'store.multi-process'] })
    expect(thrownBy(define).message).toMatch(/"store\.persistent", "store\.multi-process"/)
  })
})
