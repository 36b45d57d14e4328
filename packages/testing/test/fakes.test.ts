import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { manualPlatform } from '../src/fakes/manual-platform.ts'
import { recordEvents } from '../src/fakes/record-events.ts'
import { processPlatform } from '../src/faults/process-platform.ts'

describe('manual platform', () => {
  test('time stands still until it is moved', async () => {
    const platform = manualPlatform({ start: 1_000 })
    assert.deepEqual([platform.now(), platform.monotonic()], [1_000, 0])
    await platform.advance(250)
    assert.deepEqual([platform.now(), platform.monotonic()], [1_250, 250])
  })

  test('timers fire in the order in which they are due, each at its own time', async () => {
    const platform = manualPlatform({ start: 0 })
    const fired: string[] = []
    const note = (name: string) => () => void fired.push(`${name}@${platform.now()}`)
    platform.timer(30, note('c'))
    platform.timer(10, () => {
      note('a')()
      platform.timer(5, note('b'))
    })
    platform.timer(30, note('d'))
    const cancelled = platform.timer(20, note('never'))
    cancelled.cancel()
    await platform.advance(29)
    assert.deepEqual(fired, ['a@10', 'b@15'])
    await platform.advance(1)
    assert.deepEqual(fired, ['a@10', 'b@15', 'c@30', 'd@30'])
    assert.equal(platform.timers(), 0)
  })

  test('runUntil moves time no further than the promise needs', async () => {
    const platform = manualPlatform({ start: 0 })
    platform.timer(90_000, () => assert.fail('too far'))
    const hour = new Promise<string>((resolve) =>
      platform.timer(60_000, () => platform.macrotask(() => resolve('done'))),
    )
    assert.equal(await platform.runUntil(hour), 'done')
    assert.equal(platform.now(), 60_000)
  })

  test('runUntil gives up at its limit', async () => {
    const platform = manualPlatform()
    const again = (): void => void platform.timer(1_000, again)
    again()
    await assert.rejects(platform.runUntil(new Promise(() => {}), 10_000), /10000 ms of manual time/)
  })

  test('a seed repeats randomness and ids, and ids grow', () => {
    const [one, two, other] = [
      manualPlatform({ seed: 5 }),
      manualPlatform({ seed: 5 }),
      manualPlatform({ seed: 6 }),
    ]
    const draw = (platform: typeof one) =>
      Array.from({ length: 50 }, () => [platform.random(), platform.id()] as const)
    const drawn = draw(one)
    assert.deepEqual(drawn, draw(two))
    assert.notDeepEqual(drawn, draw(other))
    const ids = drawn.map(([, id]) => id)
    assert.deepEqual(ids, ids.toSorted())
    assert.equal(new Set(ids).size, 50)
  })
})

test('a dead process of a host is silent, and the others know', async () => {
  const base = manualPlatform()
  const dead = new Set<string>()
  const [killed, living] = [processPlatform(base, 'killed', dead), processPlatform(base, 'living', dead)]
  const fired: string[] = []
  for (const each of [killed, living]) {
    each.timer(10, () => fired.push(`timer of ${each.owner()}`))
    each.macrotask(() => fired.push(`macrotask of ${each.owner()}`))
  }
  dead.add('killed')
  await base.advance(10)
  assert.deepEqual(fired, ['macrotask of living', 'timer of living'])
  assert.deepEqual(
    [living.liveness('killed'), living.liveness('living'), living.liveness('other')],
    ['dead', 'alive', 'unknown'],
  )
})

describe('recordEvents', () => {
  async function* numbers(): AsyncGenerator<number> {
    yield* [1, 2, 3]
  }

  test('collects what a source gives', async () => {
    const recorded = recordEvents({ events: numbers })
    assert.equal(await recorded.next((event) => event === 2), 2)
    assert.deepEqual(await recorded.ended, [1, 2, 3])
    assert.equal(await recorded.next((event) => event === 1), 1)
    await assert.rejects(
      recorded.next((event) => event === 9),
      /ended without the one/,
    )
  })

  test('gives the failure of a source to those who wait for its end', async () => {
    const recorded = recordEvents({
      events: async function* () {
        yield 1
        throw new Error('lost')
      },
    })
    await assert.rejects(recorded.ended, /lost/)
    assert.deepEqual(recorded.events, [1])
  })
})
