import { describe, expect, test } from 'vitest'
import { defineHarness, inMemoryStore, type Approval } from '../src/index.ts'
import type { Store } from '../src/ports/index.ts'
import { failureOf, thrownBy } from './fixtures/collect.ts'
import { scriptedModel } from './fixtures/scripted-model.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

describe('after a shutdown', () => {
  test('every call is harness/closed, whatever the store would say', async () => {
    const { harness, clock } = waitingHarness({ store: inMemoryStore() })
    const session = await harness.getSession('s')
    await clock.until(session.workflows.quick.run(1, { durable: { runId: 'r' } }))
    const handle = await session.workflows.wait.start(null)
    await clock.settle()
    await harness.shutdown()
    const { runs } = harness
    const approval = { runId: 'r', approvalId: 'a' } as Approval
    const refused = [
      runs.get('r'),
      runs.list(),
      runs.summary('r'),
      runs.cancel('r'),
      runs.signal('r', 'go', 1),
      runs.resume('r'),
      runs.fork('r'),
      runs.recover(),
      runs.prune({ olderThan: 0 }),
      runs.extend('r', { timeoutMs: 1 }),
      harness.approvals.list(),
      harness.approvals.resolve(approval, { decision: 'allow' }),
      harness.getSession('s'),
      session.getRunSummary('r'),
      session.history.list(),
      session.history.clear(),
      session.history.replace([]),
      session.workflows.quick.run(2),
      handle.cancel(),
      handle.result,
    ]
    for (const promise of refused) expect((await failureOf(promise)).code).toBe('harness/closed')
    expect(thrownBy(() => runs.events('r')).code).toBe('harness/closed')
    expect(thrownBy(() => runs.audit('r')).code).toBe('harness/closed')
    expect(thrownBy(() => harness.worker()).code).toBe('harness/closed')
  })

  test('a call that was under way is harness/closed as well, with the answer of the store as its cause', async () => {
    const store = inMemoryStore()
    const asked = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const slow: Store = {
      ...store,
      journal: {
        ...store.journal,
        append: (batch) => store.journal.append(batch),
        read: (stream, options) => store.journal.read(stream, options),
        heads: async (query) => {
          asked.resolve()
          await goOn.promise
          return store.journal.heads(query)
        },
      },
    }
    const harness = defineHarness({ name: 'test', models: { main: scriptedModel([]) }, store: slow })
    const getting = failureOf(harness.runs.get('r'))
    await asked.promise
    await harness.shutdown()
    goOn.resolve()
    expect(await getting).toMatchObject({ code: 'harness/closed', cause: { code: 'store/closed' } })
  })
})

test('disposing a harness shuts it down, once [SES-21]', async () => {
  let closed = 0
  const store = inMemoryStore()
  const counted: Store = {
    ...store,
    close: () => {
      closed++
      return store.close()
    },
  }
  const harness = defineHarness({ name: 'test', models: {}, store: counted })
  await harness[Symbol.asyncDispose]()
  await harness.shutdown()
  expect(closed).toBe(1)
  expect((await failureOf(harness.getSession('s'))).code).toBe('harness/closed')
})
