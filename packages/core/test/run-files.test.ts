import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { StepSandbox } from '../src/define/sandbox.ts'
import { defineHarness, defineWorkflow, inMemoryStore } from '../src/index.ts'
import { PortError, type Store } from '../src/ports/index.ts'
import { collect, failureOf, gate } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn } from './fixtures/mortal-store.ts'
import { recordingLogger } from './fixtures/recording-logger.ts'
import { bytesOf, textIn, watchedFiles, type WatchedFiles } from './fixtures/watched-files.ts'

const path = '/workspace/log.txt'

/** Adds a letter to the file. */
async function add(sandbox: StepSandbox, letter: string): Promise<string> {
  const text = `${(await textIn(sandbox, path)) ?? ''}${letter}`
  await sandbox.files.write(path, bytesOf(text))
  return text
}

interface Outside {
  failing: boolean
  hold: ReturnType<typeof gate> | undefined
  late: StepSandbox | undefined
}

function world(
  init: {
    files?: WatchedFiles
    store?: Store
    clock?: ReturnType<typeof manualPlatform>
    owner?: string
  } = {},
) {
  const clock = init.clock ?? manualPlatform()
  const files = init.files ?? watchedFiles({ clock: () => clock.now() })
  const store = init.store ?? storeOn(clock)
  const logger = recordingLogger()
  const outside: Outside = { failing: true, hold: undefined, late: undefined }
  const letters = defineWorkflow({
    name: 'letters',
    input: z.array(z.string()),
    output: z.unknown(),
    run: async (ctx, steps) => {
      const seen: unknown[] = []
      for (const [index, kind] of steps.entries()) {
        const name = `s${index}`
        if (kind === 'wait') {
          await ctx.wait(name)
          continue
        }
        if (kind === 'read' || kind === 'look') {
          seen.push(
            await ctx.step(name, ({ sandbox }) => textIn(sandbox, path), {
              workspace: kind === 'read' ? 'read' : 'write',
            }),
          )
          continue
        }
        seen.push(
          await ctx.step(
            name,
            async ({ sandbox }) => {
              const text = await add(sandbox, kind.at(-1) ?? '')
              if (kind.startsWith('hold')) await outside.hold?.opened
              if (kind.startsWith('fail') && outside.failing) throw new Error('not yet')
              return text
            },
            { workspace: 'write', ...(kind.startsWith('once') && { effect: 'once' as const }) },
          ),
        )
      }
      return seen
    },
  })
  const single = defineWorkflow({
    name: 'single',
    input: z.string(),
    output: z.unknown(),
    run: (ctx, what) => {
      const tries: Record<string, (sandbox: StepSandbox) => unknown> = {
        none: (sandbox) => sandbox.report,
        read: (sandbox) => sandbox.files.read(path),
        write: (sandbox) => sandbox.files.write(path, bytesOf('x')),
        exec: (sandbox) => sandbox.exec('ls'),
        spawn: async (sandbox) => void (await sandbox.spawn('ls')),
        late: (sandbox) => void (outside.late = sandbox),
        floating: (sandbox) => void sandbox.exec('wait').catch(() => undefined),
      }
      const [name = '', access] = what.split(':')
      return ctx.step(
        's',
        ({ sandbox }) => tries[name]?.(sandbox) as never,
        access === undefined ? {} : { workspace: access as 'read' },
      )
    },
  })
  const harness = defineHarness({
    name: 'test',
    models: {},
    workflows: { letters, single },
    platform: init.owner === undefined ? clock : clock.process(init.owner),
    store,
    logger,
    sandbox: files.sandbox,
    workspace: files.workspace,
  })
  const run = async (input: string[], options: { runId?: string } = { runId: 'r' }) => {
    const session = await harness.getSession('s')
    return clock.until(
      session.workflows.letters.run(
        input,
        options.runId === undefined ? {} : { durable: { runId: options.runId } },
      ),
    )
  }
  const types = async (runId = 'r') => (await store.journal.read(`run/${runId}`)).map(({ type }) => type)
  return { clock, files, store, harness, outside, logger, run, types }
}

const nothingOpen = { sandboxes: 0, workspaces: 0, processes: 0 }

describe('the files of a durable run', () => {
  test('are kept with each step that changes them, right before its result, and given back at its end [WSP-20, WSP-22, WSP-23, RUN-46, EVT-28]', async () => {
    const { run, files, types } = world()
    expect(await run(['a', 'read', 'look', 'b'])).toEqual(['a', 'a', 'a', 'ab'])
    expect(await types()).toEqual([
      'run.started',
      'workspace.snapshotted',
      'step.finished',
      'step.finished',
      'step.finished',
      'workspace.snapshotted',
      'step.finished',
      'run.finished',
    ])
    expect(files.log).toEqual(['open', 'sandbox.open', 'snapshot', 'snapshot', 'sandbox.close', 'release'])
    expect(files.open).toEqual(nothingOpen)
  })

  test('are not opened by a run that does not use them [WSP-20]', async () => {
    const { harness, files, clock } = world()
    const session = await harness.getSession('s')
    await clock.until(session.workflows.single.run('nothing:read', { durable: { runId: 'r' } }))
    expect(files.log).toEqual([])
  })

  test('are those of the last recorded step when a process was lost inside of the next one [WSP-21]', async () => {
    const clock = manualPlatform()
    const [shared, files] = [storeOn(clock), watchedFiles({ clock: () => clock.now() })]
    const dying = mortalStore(shared)
    const first = world({ clock, files, store: dying, owner: 'one' })
    first.outside.hold = gate()
    const session = await first.harness.getSession('s')
    void session.workflows.letters.start(['a', 'hold b', 'c'], { durable: { runId: 'r' } })
    await clock.settle()
    dying.die()
    clock.dead.add('one')
    const second = world({ clock, files, store: shared, owner: 'two' })
    expect(await second.run(['a', 'hold b', 'c'])).toEqual(['a', 'ab', 'abc'])
    expect(files.log.filter((call) => call === 'restore')).toHaveLength(1)
  })

  test('are given back while it waits, and restored before it goes on [WSP-21]', async () => {
    const { harness, clock, files } = world()
    const session = await harness.getSession('s')
    const handle = await session.workflows.letters.start(['a', 'wait', 'b'], { durable: { runId: 'r' } })
    await clock.advance(1_000)
    expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended' })
    expect(files.open).toEqual(nothingOpen)
    await harness.runs.signal('r', 's1', null)
    expect(await clock.until(handle.result)).toEqual(['a', 'ab'])
    expect(files.open).toEqual(nothingOpen)
  })

  test('of a failed step are forgotten when the run is resumed [WSP-24, WSP-25]', async () => {
    const { run, outside, files } = world()
    await expect(run(['a', 'fail b', 'c'])).rejects.toThrow('not yet')
    expect(files.open).toEqual(nothingOpen)
    expect(files.log).not.toContain('abort')
    outside.failing = false
    expect(await run(['a', 'fail b', 'c'])).toEqual(['a', 'ab', 'abc'])
  })

  test('of a cancelled run are aborted, also when it waits [WSP-25]', async () => {
    const { harness, clock, files } = world()
    const session = await harness.getSession('s')
    await session.workflows.letters.start(['a', 'wait'], { durable: { runId: 'r' } })
    await clock.advance(1_000)
    await clock.until(harness.runs.cancel('r'))
    await clock.advance(1_000)
    expect(await harness.runs.get('r')).toMatchObject({ state: 'cancelled' })
    expect(files.log.at(-1)).toBe('abort')
    expect(files.open).toEqual(nothingOpen)
  })

  test('a failure to close them is logged and changes nothing [WSP-26]', async () => {
    const files = watchedFiles({}, (call) => {
      if (call === 'sandbox.close' || call === 'release')
        throw new PortError({ code: 'sandbox/io', message: 'no' })
    })
    const { run, logger } = world({ files })
    expect(await run(['a'])).toEqual(['a'])
    expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'sandbox not closed', fields: { code: 'sandbox/io', runId: 'r' } },
      { message: 'workspace not released', fields: { code: 'sandbox/io', runId: 'r' } },
    ])
  })

  test.each(['open', 'sandbox.open', 'snapshot', 'restore'])(
    'a failure of %s stops the run, and it can be resumed [RUN-43]',
    async (failing) => {
      let broken = failing !== 'restore'
      const clock = manualPlatform()
      const files = watchedFiles({ clock: () => clock.now() }, (call) => {
        if (broken && call === failing) throw new PortError({ code: 'workspace/io', message: 'no' })
      })
      const { run, outside, harness, types } = world({ files, clock })
      if (failing === 'restore') {
        await expect(run(['a', 'fail b'])).rejects.toThrow('not yet')
        broken = true
      }
      outside.failing = false
      expect(await failureOf(run(['a', 'fail b']))).toMatchObject({ code: 'workspace/io' })
      expect(files.open).toEqual(nothingOpen)
      expect((await types()).at(-1)).not.toBe('run.finished')
      broken = false
      expect(await run(['a', 'fail b'])).toEqual(['a', 'ab'])
      expect(await harness.runs.get('r')).toMatchObject({ state: 'succeeded' })
      expect(files.open).toEqual(nothingOpen)
    },
  )

  test('that cannot be kept fail their step, which leaves none [WSP-28]', async () => {
    const { run, harness } = world({ files: watchedFiles({ quota: { bytes: 3 } }) })
    await run(['a', 'b', 'c'])
    const quota = watchedFiles({}, (call) => {
      if (call === 'snapshot' && quota.log.filter((each) => each === 'snapshot').length === 2)
        throw new PortError({ code: 'workspace/tree', message: 'a socket' })
    })
    const other = world({ files: quota })
    const failing = defineWorkflow({
      name: 'failing',
      input: z.null(),
      output: z.unknown(),
      run: async (ctx) => {
        const texts: unknown[] = []
        for (const letter of 'abc') {
          texts.push(
            await ctx
              .step(letter, ({ sandbox }) => add(sandbox, letter), { workspace: 'write' })
              .catch((error: { code: string }) => error.code),
          )
        }
        return texts
      },
    })
    const again = defineHarness({
      name: 'x',
      models: {},
      workflows: { failing },
      sandbox: quota.sandbox,
      workspace: quota.workspace,
    })
    const session = await again.getSession('s')
    expect(await session.workflows.failing.run(null, { durable: { runId: 'q' } })).toEqual([
      'a',
      'workspace/tree',
      'ac',
    ])
    expect(quota.open).toEqual(nothingOpen)
    await Promise.all([harness.shutdown(), other.harness.shutdown()])
  })

  test('of an id that was removed are not those of the next run of that id [WSP-30]', async () => {
    const { run, harness, clock } = world()
    await run(['a', 'wait']).catch(() => undefined)
    await clock.until(harness.runs.cancel('r'))
    await clock.advance(1_000)
    await harness.runs.prune({ olderThan: 0 })
    expect(await run(['b'])).toEqual(['b'])
  })

  test('are removed with the run that names them, after the grace [RUN-44]', async () => {
    const { run, harness, clock } = world()
    await run(['a', 'b'])
    expect(await harness.runs.prune({ olderThan: 0 })).toMatchObject({ runs: 1, snapshots: 0 })
    await run(['a'], { runId: 'other' })
    await clock.advance(3_600_001)
    expect(await harness.runs.prune({ olderThan: 7_200_000 })).toMatchObject({ runs: 0, snapshots: 1 })
    await clock.until((await harness.runs.fork('other', { runId: 'f' })).result)
  })
})

describe('a store that keeps few runs', () => {
  function small() {
    const clock = manualPlatform()
    return world({ clock, store: inMemoryStore({ clock: () => clock.now(), keepFinishedRuns: 2 }) })
  }
  const refsOf = async ({ store }: ReturnType<typeof small>, runId: string): Promise<string[]> =>
    (await store.journal.read(`run/${runId}`))
      .filter(({ type }) => type === 'workspace.snapshotted')
      .map(({ data }) => (data as { ref: string }).ref)
  const restored = ({ files }: ReturnType<typeof small>, ref: string) => {
    const operation = `look ${Math.random()}`
    return files.workspace.restore({ operation, runId: operation, sessionId: 's', ref })
  }

  test('drops the files of the runs that it drops, and no others [WSP-31]', async () => {
    const place = small()
    const refs: string[][] = []
    for (const letter of 'abcde') {
      await place.run(['x', letter], { runId: letter })
      refs.push(await refsOf(place, letter))
    }
    const [first, second, third, fourth, fifth] = refs.map(([, own]) => own ?? '')
    for (const dropped of [first, second, third])
      expect(await failureOf(restored(place, dropped ?? ''))).toMatchObject({ code: 'workspace/missing' })
    // All of them begin with the same tree.
    for (const kept of [fourth, fifth, refs[4]?.[0]]) await restored(place, kept ?? '')
  })

  test('leaves a fork what it was cut with [WSP-31]', async () => {
    const place = small()
    const { run, harness, clock } = place
    await run(['a', 'b'], { runId: 'origin' })
    const session = await harness.getSession('s')
    const input = ['a', 'b', 'wait', 'c']
    const parked = await session.workflows.letters.start(input, { durable: { runId: 'waits' } })
    await clock.advance(1_000)
    const fork = await harness.runs.fork('waits', { runId: 'f' })
    await harness.runs.signal('waits', 's2', null)
    await clock.until(parked.result)
    for (const letter of 'xyz') await run([letter], { runId: letter })
    expect(await harness.runs.get('waits')).toBeUndefined()
    await harness.runs.signal('f', 's2', null)
    expect(await clock.until(fork.result)).toEqual(['a', 'ab', 'abc'])
    // The first of its trees is one that the fork itself never restored.
    const entries = await place.store.journal.read('run/f')
    const at = entries.find(({ type }) => type === 'step.finished')?.position ?? 0
    const again = await harness.runs.fork('f', { runId: 'g', at })
    await clock.advance(1_000)
    await harness.runs.signal('g', 's2', null)
    expect(await clock.until(again.result)).toEqual(['a', 'ab', 'abc'])
  })

  test('goes on when files cannot be forgotten, and says so [WSP-31]', async () => {
    const clock = manualPlatform()
    const watched = watchedFiles({ clock: () => clock.now() })
    const files = {
      ...watched,
      workspace: {
        ...watched.workspace,
        forget: () => Promise.reject(new PortError({ code: 'workspace/io', message: 'no' })),
      },
    }
    const store = inMemoryStore({ clock: () => clock.now(), keepFinishedRuns: 1 })
    const { run, logger } = world({ clock, store, files })
    for (const letter of 'abc') expect(await run([letter], { runId: letter })).toEqual([letter])
    expect(logger.lines.filter(({ message }) => message === 'files not forgotten')).toHaveLength(2)
  })
})

describe('files that do not outlive the process', () => {
  const persistent = (store: Store): Store => ({
    ...store,
    info: { ...store.info, capabilities: [...store.info.capabilities, 'store.persistent'] },
  })

  test('are told of once, beside a store that does [WSP-32]', async () => {
    const clock = manualPlatform()
    const { run, logger } = world({ clock, store: persistent(storeOn(clock)) })
    const told = () =>
      logger.lines.filter(({ message }) => message.startsWith('files of runs do not outlive'))
    await run([], { runId: 'none' })
    expect(told()).toEqual([])
    await run(['a', 'b'], { runId: 'x' })
    await run(['a', 'b'], { runId: 'y' })
    expect(told()).toMatchObject([{ level: 'warn' }])
  })

  test('are no news beside a store that does not', async () => {
    const { run, logger } = world()
    await run(['a', 'b'])
    expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([])
  })
})

describe('a fork', () => {
  test('has the files as they were at each position [RUN-47]', async () => {
    const { run, harness, clock, types } = world()
    await run(['a', 'read', 'b', 'c'])
    const last = (await types()).length - 1
    for (let at = 1; at <= last; at++) {
      const fork = await harness.runs.fork('r', { runId: `f${at}`, at })
      expect(await clock.until(fork.result)).toEqual(['a', 'a', 'ab', 'abc'])
    }
  })

  test('of a run with files goes on beside it [RUN-47]', async () => {
    const { harness, clock } = world()
    const session = await harness.getSession('s')
    const handle = await session.workflows.letters.start(['a', 'wait', 'b'], { durable: { runId: 'r' } })
    await clock.advance(1_000)
    const fork = await harness.runs.fork('r', { runId: 'f' })
    await clock.advance(1_000)
    await harness.runs.signal('f', 's1', null)
    expect(await clock.until(fork.result)).toEqual(['a', 'ab'])
    await harness.runs.signal('r', 's1', null)
    expect(await clock.until(handle.result)).toEqual(['a', 'ab'])
  })

  test('is refused where an effect that may not run twice is open [RUN-48]', async () => {
    const { run, harness, clock, types } = world()
    await run(['a', 'once b'])
    const intended = (await types()).indexOf('step.intended') + 1
    expect(await failureOf(harness.runs.fork('r', { runId: 'f', at: intended }))).toMatchObject({
      code: 'run/not-resumable',
      meta: { reason: 'open_intent', key: 's1', before: intended - 1 },
    })
    expect(await harness.runs.get('f')).toBeUndefined()
    const fork = await harness.runs.fork('r', { runId: 'f', at: intended - 1 })
    expect(await clock.until(fork.result)).toEqual(['a', 'ab'])
  })
})

describe('the sandbox of a step', () => {
  async function trying(what: string) {
    const { harness, clock, files, outside } = world()
    const session = await harness.getSession('s')
    const result = clock.until(session.workflows.single.run(what, { durable: { runId: 'r' } }))
    await result.catch(() => undefined)
    return { result, files, outside, clock }
  }

  test.each([
    ['none', 'has no sandbox'],
    ['write:read', "`sandbox.files.write` needs `workspace: 'write'`"],
    ['exec:read', "`sandbox.exec` needs `workspace: 'write'`"],
    ['spawn:read', "`sandbox.spawn` needs `workspace: 'write'`"],
  ])('refuses %s [WSP-27]', async (what, message) => {
    const { result } = await trying(what)
    await expect(result).rejects.toThrow(message)
  })

  test('ends what was spawned with the step [RUN-45]', async () => {
    const { result, files } = await trying('spawn:write')
    await result
    expect(files.open).toEqual(nothingOpen)
  })

  test('ends what the step did not wait for [RUN-45]', async () => {
    const { result, files } = await trying('floating:write')
    await result
    expect(files.open).toEqual(nothingOpen)
  })

  test('refuses calls after the step [RUN-45]', async () => {
    const { result, outside, files } = await trying('late:write')
    await result
    expect(await failureOf(outside.late?.files.read(path) ?? Promise.resolve())).toMatchObject({
      code: 'sandbox/closed',
    })
    expect(files.log).toEqual([])
  })
})

describe('the files of a session', () => {
  test('are shared by its runs that are not durable, and close with it [SES-25, SES-26]', async () => {
    const { run, harness, files } = world()
    expect(await run(['a'], {})).toEqual(['a'])
    expect(await run(['b'], {})).toEqual(['ab'])
    expect(await run(['c'])).toEqual(['c'])
    expect(files.open).toEqual({ sandboxes: 1, workspaces: 0, processes: 0 })
    await (await harness.getSession('s')).close()
    expect(files.open).toEqual(nothingOpen)
    expect(files.log.filter((call) => call === 'snapshot')).toHaveLength(1)
    expect(await run(['d'], {})).toEqual(['d'])
    await harness.shutdown()
    expect(files.open).toEqual(nothingOpen)
  })
})

test('the audit view has the hash of a ref [EVT-28]', async () => {
  const { run, harness } = world()
  await run(['a'])
  const events = await collect(harness.runs.events('r'))
  const audit = await collect(harness.runs.audit('r'))
  const ref = events.flatMap((event) => (event.type === 'workspace.snapshotted' ? [event.ref] : []))
  const hidden = audit.find(({ type }) => type === 'workspace.snapshotted')
  expect(hidden?.['ref']).toMatch(/^[0-9a-f]{64}$/)
  expect(JSON.stringify(audit)).not.toContain(ref[0])
})
