import assert from 'node:assert/strict'
import { callsAt } from './sandbox-path-cases.ts'
import { refusesPath, shell, textAt, utf8, writeAll, type SandboxCase } from './sandbox-case.ts'

const needs = ['sandbox.exec'] as const

/** What a command can plant into the tree, and what calls make of it. */
export const sandboxLinkCases: readonly SandboxCase[] = [
  {
    title: 'links: one at the end of a path is refused, wherever it points',
    needs,
    run: async ({ box, files }) => {
      await writeAll(files, { '/workspace/real': 'a', '/workspace/folder/x': 'a' })
      await shell(
        box,
        'ln -s /etc/passwd out; ln -s real in; ln -s folder dir; ln -s none broken; ln -s self self',
      )
      for (const name of ['out', 'in', 'dir', 'broken', 'self']) {
        const { mount: _, remove: __, ...calls } = callsAt(files, `/workspace/${name}`)
        for (const call of Object.values(calls)) await refusesPath(call)
      }
      assert.equal(await textAt(files, '/workspace/real'), 'a')
    },
  },
  {
    title: 'links: one on the way of a path is refused, wherever it points',
    needs,
    run: async ({ box, files }) => {
      await writeAll(files, { '/workspace/folder/x': 'a' })
      await shell(box, 'ln -s /etc out; ln -s folder in; ln -s .. up; ln -s /proc/self/root root')
      for (const path of ['out/passwd', 'in/x', 'up/workspace/folder/x', 'root/etc/passwd', 'in/none/y']) {
        const { mount: _, ...calls } = callsAt(files, `/workspace/${path}`)
        for (const call of Object.values(calls)) await refusesPath(call)
      }
      assert.equal(await textAt(files, '/workspace/folder/x'), 'a')
    },
  },
  {
    title: 'links: are listed as what they are, and are not followed by searches',
    needs,
    run: async ({ box, files }) => {
      await writeAll(files, { '/workspace/a/x': 'needle' })
      await shell(box, 'ln -s a link; ln -s a/x file; ln -s /etc etc; ln -s . loop; mkfifo pipe')
      const { entries } = (await files.list('/workspace')) ?? assert.fail('nothing there')
      assert.deepEqual(
        entries.map(({ name, kind }) => `${name} ${kind}`),
        ['a directory', 'etc link', 'file link', 'link link', 'loop link', 'pipe special'],
      )
      assert.deepEqual(await files.glob('**'), { paths: ['/workspace/a/x'], truncated: false })
      assert.deepEqual(
        (await files.grep('needle|root')).matches.map(({ path }) => path),
        ['/workspace/a/x'],
      )
    },
  },
  {
    title: 'links: remove takes the link and never what it names',
    needs,
    run: async ({ box, files }) => {
      await writeAll(files, { '/workspace/a/x': 'kept' })
      await shell(box, 'mkdir d; ln -s ../a d/link; ln -s a link; mkfifo d/pipe')
      assert.equal(await files.remove('/workspace/link'), true)
      assert.equal(await files.remove('/workspace/d'), true)
      assert.equal(await textAt(files, '/workspace/a/x'), 'kept')
      assert.equal(await files.stat('/workspace/d'), undefined)
    },
  },
  {
    title: 'special files: are refused at once and never waited for',
    needs,
    run: async ({ box, files }) => {
      await shell(box, 'mkfifo pipe')
      const { read, write, edit, stat } = callsAt(files, '/workspace/pipe')
      for (const call of [read, write, edit, stat]) await refusesPath(async () => call?.(), 'special')
      await files.remove('/workspace/pipe')
      await files.write('/workspace/pipe', utf8('a file now'))
      assert.equal(await textAt(files, '/workspace/pipe'), 'a file now')
    },
  },
  {
    title: 'links: writing over a hard link leaves its other name as it is',
    needs,
    run: async ({ box, files }) => {
      await writeAll(files, { '/workspace/one': 'before' })
      await shell(box, 'ln one two')
      await files.write('/workspace/one', utf8('after'))
      assert.deepEqual(
        [await textAt(files, '/workspace/one'), await textAt(files, '/workspace/two')],
        ['after', 'before'],
      )
    },
  },
]
