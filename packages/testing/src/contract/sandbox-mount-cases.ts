import assert from 'node:assert/strict'
import { refuses } from './refusals.ts'
import { namesAt, refusesPath, runIn, shell, textAt, textOf, utf8, type SandboxCase } from './sandbox-case.ts'

/** What `mount` puts at `/skills/<name>`. */
export const sandboxMountCases: readonly SandboxCase[] = [
  {
    title: 'mount: puts files where they can be read, listed and searched',
    run: async ({ files }) => {
      const bytes = utf8('# Use it')
      await files.mount('/skills/pdf', [
        { path: 'SKILL.md', bytes },
        { path: 'bin/run', bytes: utf8('#!/bin/sh'), executable: true },
      ])
      bytes.fill(0)
      assert.equal(await textAt(files, '/skills/pdf/SKILL.md'), '# Use it')
      assert.deepEqual(await namesAt(files, '/skills/pdf'), ['SKILL.md', 'bin'])
      assert.deepEqual((await files.grep('Use', { path: '/skills/pdf' })).matches, [
        { path: '/skills/pdf/SKILL.md', line: 1, text: '# Use it' },
      ])
      const isExecutable = async (path: string) => ((await files.stat(path))?.mode ?? 0) & 0o100
      assert.equal(await isExecutable('/skills/pdf/SKILL.md'), 0)
      assert.equal(await isExecutable('/skills/pdf/bin/run'), 0o100)
    },
  },
  {
    title: 'mount: takes the place of what was mounted there, whole, and of nothing else',
    run: async ({ files }) => {
      await files.mount('/skills/a', [
        { path: 'old', bytes: utf8('1') },
        { path: 'both', bytes: utf8('1') },
      ])
      await files.mount('/skills/b', [{ path: 'other', bytes: utf8('1') }])
      await files.mount('/skills/a', [{ path: 'both', bytes: utf8('2') }])
      assert.deepEqual(await namesAt(files, '/skills/a'), ['both'])
      assert.equal(await textAt(files, '/skills/a/both'), '2')
      assert.deepEqual(await namesAt(files, '/skills/b'), ['other'])
      assert.deepEqual(await namesAt(files, '/workspace'), [])
    },
  },
  {
    title: 'mount: any other place is refused',
    run: async ({ files }) => {
      for (const path of ['/workspace', '/workspace/skills', '/skills/a/b', '/etc']) {
        await refusesPath(() => files.mount(path, [{ path: 'x', bytes: utf8('1') }]))
      }
      assert.deepEqual(await namesAt(files, '/workspace'), [])
    },
  },
  {
    title: 'mount: a path that is not relative and normal, or is there twice, leaves nothing of the mount',
    run: async ({ files }) => {
      await files.mount('/skills/a', [{ path: 'kept', bytes: utf8('1') }])
      const hostile = ['/x', '../x', 'x/../../y', './x', '', 'x//y', 'x/', 'x\0y', 'a'.repeat(256)]
      for (const path of hostile) {
        const wanted = [
          { path: 'good', bytes: utf8('1') },
          { path, bytes: utf8('1') },
        ]
        await refusesPath(() => files.mount('/skills/a', wanted))
        await refusesPath(() => files.mount('/skills/b', wanted))
      }
      const twice = { path: 'x', bytes: utf8('1') }
      await refusesPath(() => files.mount('/skills/a', [twice, twice]))
      await refusesPath(() => files.mount('/skills/a', [twice, { ...twice, path: 'x/y' }]))
      assert.deepEqual(await namesAt(files, '/skills/a'), ['kept'])
      assert.equal(await namesAt(files, '/skills/b'), undefined)
    },
  },
  {
    title: 'mount: more than 10,000 files are refused by name',
    run: async ({ files }) => {
      const many = Array.from({ length: 10_001 }, (_, index) => ({
        path: `f${index}`,
        bytes: new Uint8Array(),
      }))
      await refuses(() => files.mount('/skills/a', many), 'sandbox/limit', { reason: 'files' })
      assert.equal(await files.stat('/skills/a'), undefined)
    },
  },
  {
    title: 'mount: commands can read and run what is mounted, and not change it',
    needs: ['sandbox.exec'],
    run: async ({ files, box }) => {
      await files.mount('/skills/a', [
        { path: 'run', bytes: utf8('#!/bin/sh\necho ran "$1"'), executable: true },
        { path: 'text', bytes: utf8('kept') },
      ])
      const { stdout } = await runIn(box, '/skills/a/run', { args: ['it'] })
      assert.equal(textOf(stdout), 'ran it\n')
      assert.equal(await shell(box, 'cat /skills/a/text'), 'kept')
      const attempts = [
        'echo x > /skills/a/text',
        'rm -f /skills/a/run',
        'echo x > /skills/a/new',
        'rm -rf /skills/a',
      ]
      for (const attempt of attempts) await shell(box, `(${attempt}) 2>/dev/null; true`)
      assert.equal(await textAt(files, '/skills/a/text'), 'kept')
      assert.deepEqual(await namesAt(files, '/skills/a'), ['run', 'text'])
    },
  },
]
