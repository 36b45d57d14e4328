import assert from 'node:assert/strict'
import { refuses, refusesMisuse } from './refusals.ts'
import { callsAt } from './sandbox-path-cases.ts'
import { runIn, textAt, utf8, writeAll, type SandboxCase } from './sandbox-case.ts'

const controls = [
  'environment',
  'files.read',
  'files.write',
  'memory',
  'network',
  'pids',
  'privileges',
  'processes',
]

/** Opening, closing, limits and what a sandbox says of itself. */
export const sandboxLifeCases: readonly SandboxCase[] = [
  {
    title: 'info: says what it is, and its report says of each control whether it is enforced',
    run: async ({ sandbox, box }) => {
      assert.equal(sandbox.info.specs.sandbox, 'sandbox/1')
      for (const { isolation, system, controls: enforced, notes } of [sandbox.report, box.report]) {
        assert.ok(['strict', 'best-effort', 'none'].includes(isolation))
        assert.equal(typeof system, 'string')
        assert.deepEqual(Object.keys(enforced).toSorted(), controls)
        assert.ok(Object.values(enforced).every((value) => typeof value === 'boolean'))
        const isAll = Object.values(enforced).every(Boolean)
        assert.ok(isAll || notes.length > 0, 'what is not enforced has a note')
      }
    },
  },
  {
    title: 'info: sandbox.exec and sandbox.isolated are what they say',
    run: async ({ sandbox, box }) => {
      const hasExec = sandbox.info.capabilities.includes('sandbox.exec')
      assert.equal(box.exec !== undefined, hasExec)
      assert.equal(box.spawn !== undefined, hasExec)
      const isIsolated = sandbox.info.capabilities.includes('sandbox.isolated')
      assert.equal(sandbox.report.isolation === 'strict', isIsolated)
      if (!isIsolated) return
      const { controls: enforced } = sandbox.report
      // The others are limits, which are enforced where they were asked for.
      const promised = [
        'files.read',
        'files.write',
        'network',
        'environment',
        'processes',
        'privileges',
      ] as const
      assert.deepEqual(
        promised.filter((control) => !enforced[control]),
        [],
        'commands cannot read, write, connect or outlive',
      )
    },
  },
  {
    title: 'open: sandboxes see nothing of each other',
    run: async ({ files, openBox }) => {
      const other = await openBox()
      await files.write('/workspace/a', utf8('mine'))
      await files.mount('/skills/a', [{ path: 'x', bytes: utf8('1') }])
      assert.equal(await other.files.stat('/workspace/a'), undefined)
      assert.equal(await other.files.stat('/skills/a'), undefined)
      await other.files.write('/workspace/a', utf8('theirs'))
      assert.equal(await textAt(files, '/workspace/a'), 'mine')
    },
  },
  {
    title: 'open: a key that is open is misuse, and is free once it was closed',
    run: async ({ openBox }) => {
      const first = await openBox({ key: 'one/../%2e' })
      await first.files.write('/workspace/a', utf8('x'))
      await refusesMisuse(() => openBox({ key: 'one/../%2e' }))
      await first.close()
      const second = await openBox({ key: 'one/../%2e' })
      assert.deepEqual(await second.files.list('/workspace'), { entries: [], truncated: false })
      for (const key of ['', 'x'.repeat(257)]) await refusesMisuse(() => openBox({ key }))
    },
  },
  {
    title: 'open: a workspace that is not open is missing',
    run: async ({ openBox }) => {
      for (const workspace of ['none', '', '../..', '/workspace', '__proto__']) {
        await refuses(() => openBox({ workspace }), 'workspace/missing')
      }
    },
  },
  {
    title: 'open: an aborted signal refuses with its reason, and leaves the key free',
    run: async ({ openBox }) => {
      const reason = new Error('enough')
      await assert.rejects(openBox({ key: 'aborted', signal: AbortSignal.abort(reason) }), reason)
      await openBox({ key: 'aborted' })
    },
  },
  {
    title: 'close: every later call is refused, and closing again does nothing',
    run: async ({ box, files }) => {
      await files.write('/workspace/a', utf8('a'))
      await box.close()
      await box.close()
      for (const call of Object.values({
        ...callsAt(files, '/workspace/a'),
        mount: () => files.mount('/skills/a', []),
      })) {
        await refuses(call, 'sandbox/closed')
      }
      if (box.exec === undefined) return
      await refuses(() => runIn(box, 'true'), 'sandbox/closed')
      await refuses(async () => box.spawn?.('true'), 'sandbox/closed')
    },
  },
  {
    title: 'close: the adapter closes all of its sandboxes and opens no more',
    run: async ({ sandbox, openBox, files }) => {
      const other = await openBox()
      await sandbox.close()
      await sandbox.close()
      for (const each of [files, other.files])
        await refuses(() => each.read('/workspace/a'), 'sandbox/closed')
      await refuses(() => openBox(), 'sandbox/closed')
    },
  },
  {
    title: 'robust: calls that fail leave the others as they are',
    run: async ({ files }) => {
      await writeAll(files, { '/workspace/a': '1' })
      const mixed = await Promise.allSettled([
        files.read('/workspace/a'),
        files.read('/etc/passwd'),
        files.write('/workspace/b', utf8('2')),
        files.edit('/workspace/none', { find: 'a', replace: 'b' }),
        files.list('/workspace/a'),
        files.stat('/workspace/a'),
      ])
      const states = mixed.map(({ status }) => status === 'fulfilled')
      assert.deepEqual(states, [true, false, true, false, false, true])
      assert.equal(await textAt(files, '/workspace/b'), '2')
    },
  },
]
