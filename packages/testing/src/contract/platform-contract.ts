import assert from 'node:assert/strict'
import { portSpecs } from '@belay/core/ports'
import type { Platform } from '@belay/core/ports'
import { outcomeOf, skipCase } from './contract.ts'
import type { CaseOf, ContractCase } from './contract.ts'
import { until } from './until.ts'

/** A platform, and its time where that is moved by hand. */
export interface PlatformSubject {
  readonly platform: Platform
  /** Moves time on and fires what is due; absent where time passes by itself. */
  advance?(ms: number): Promise<void>
  /** An owner of the same host whose process has ended, where one can be had. */
  deadOwner?(): Promise<string>
}

/** Makes fresh subjects. */
export type PlatformSubjectFactory = () => Promise<PlatformSubject>

/** Beyond the 2^31 at which timers of the runtime overflow and fire at once. */
const beyond32Bits = 2 ** 31 + 1_000

/** Lets `ms` pass, until `holds`. */
async function pass(
  { advance }: PlatformSubject,
  ms: number,
  what: string,
  holds: () => boolean,
): Promise<void> {
  await advance?.(ms)
  await until(what, holds)
}

const macrotask = (platform: Platform): Promise<void> => new Promise((resolve) => platform.macrotask(resolve))

const timeCases: readonly CaseOf<PlatformSubject>[] = [
  {
    title: 'time: monotonic never goes back, and now is a time of this age',
    run: async (subject) => {
      const { platform } = subject
      let last = platform.monotonic()
      for (let count = 0; count < 1_000; count += 1) {
        const next = platform.monotonic()
        assert.ok(next >= last)
        last = next
      }
      assert.ok(Number.isFinite(platform.now()))
      await pass(subject, 5, 'monotonic to grow', () => platform.monotonic() > last)
    },
  },
  {
    title: 'timer: fires once, after the timers that are due before it',
    run: async (subject) => {
      const fired: string[] = []
      const timer = subject.platform.timer(30, () => fired.push('late'))
      subject.platform.timer(1, () => fired.push('early'))
      assert.deepEqual(fired, [], 'never at once')
      await pass(subject, 31, 'both timers', () => fired.length >= 2)
      await subject.advance?.(1_000)
      assert.deepEqual(fired, ['early', 'late'])
      timer.cancel()
      timer.cancel()
    },
  },
  {
    title: 'timer: does not fire when it was cancelled, however often',
    run: async (subject) => {
      const fired: string[] = []
      const cancelled = subject.platform.timer(1, () => fired.push('cancelled'))
      cancelled.cancel()
      cancelled.cancel()
      subject.platform.timer(10, () => fired.push('sentinel'))
      await pass(subject, 11, 'the sentinel', () => fired.length > 0)
      assert.deepEqual(fired, ['sentinel'])
    },
  },
  {
    title: 'timer: a delay beyond 2^31 does not fire early [STEP-16]',
    run: async (subject) => {
      const fired: string[] = []
      const delays = [beyond32Bits, 2 ** 32 + 5, 2 ** 53]
      const timers = delays.map((delay) =>
        subject.platform.timer(delay, () => fired.push(`${delay}`), { keepAlive: false }),
      )
      subject.platform.timer(10, () => fired.push('sentinel'))
      await pass(subject, 11, 'the sentinel', () => fired.length > 0)
      for (const timer of timers) timer.cancel()
      assert.deepEqual(fired, ['sentinel'])
    },
  },
  {
    title: 'macrotask: runs after every microtask that is queued, in the order asked for',
    run: async ({ platform }) => {
      const order: string[] = []
      platform.macrotask(() => {
        order.push('first')
        void Promise.resolve().then(() => order.push('microtask of first'))
      })
      platform.macrotask(() => order.push('second'))
      void Promise.resolve()
        .then(() => order.push('microtask'))
        .then(() => order.push('its successor'))
      assert.deepEqual(order, [])
      await macrotask(platform)
      assert.deepEqual(order, ['microtask', 'its successor', 'first', 'microtask of first', 'second'])
    },
  },
]

const identityCases: readonly CaseOf<PlatformSubject>[] = [
  {
    title: 'info: names the adapter, its package and the spec',
    run: async ({ platform: { info } }) => {
      for (const name of [info.id, info.packageName, info.version]) assert.ok(name.length > 0)
      assert.equal(info.specs.platform, portSpecs.platform)
    },
  },
  {
    title: 'random: numbers in [0, 1) that differ',
    run: async ({ platform }) => {
      const drawn = Array.from({ length: 1_000 }, () => platform.random())
      assert.ok(drawn.every((each) => each >= 0 && each < 1))
      assert.ok(new Set(drawn).size > 900)
    },
  },
  {
    title: 'id: 26 characters of Crockford base 32 that grow',
    run: async (subject) => {
      const ids = Array.from({ length: 5_000 }, () => subject.platform.id())
      await subject.advance?.(10)
      ids.push(subject.platform.id())
      for (const id of ids) assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/)
      assert.ok(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? '')))
    },
  },
  {
    title: 'owner: names this process, the same each time, in at most 400 characters',
    run: async ({ platform }) => {
      const owner = platform.owner()
      assert.ok(owner.length > 0 && owner.length <= 400)
      assert.equal(platform.owner(), owner)
    },
  },
  {
    title: 'liveness: this process is alive, a name that nobody made is unknown',
    run: async ({ platform }) => {
      assert.equal(platform.liveness(platform.owner()), 'alive')
      for (const owner of ['', 'nobody', '{}', '{"pid":1}', '\u0000'])
        assert.equal(platform.liveness(owner), 'unknown', owner)
    },
  },
  {
    title: 'liveness: a process of this host that has ended is dead',
    run: async ({ platform, deadOwner }) => {
      if (deadOwner === undefined) skipCase('no owner of a dead process can be had')
      assert.equal(platform.liveness(await deadOwner()), 'dead')
    },
  },
]

/** Every promise of the port platform. */
export function platformContract(subjects: PlatformSubjectFactory): readonly ContractCase[] {
  return [...timeCases, ...identityCases].map(({ title, run }) => ({
    title,
    run: () => outcomeOf(async () => run(await subjects())),
  }))
}
