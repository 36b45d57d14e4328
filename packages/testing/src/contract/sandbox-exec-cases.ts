import assert from 'node:assert/strict'
import type { ExecResult } from '@belay/core/ports'
import { refuses, refusesMisuse } from './refusals.ts'
import { runIn, shell, textAt, textOf, utf8, writeAll, type SandboxCase } from './sandbox-case.ts'

const needs = ['sandbox.exec'] as const

function outputOf({ exitCode, stdout, stderr }: ExecResult): readonly unknown[] {
  return [exitCode, textOf(stdout), textOf(stderr)]
}

/** Commands that come to their end by themselves. */
export const sandboxExecCases: readonly SandboxCase[] = [
  {
    title: 'exec: a command gets its arguments as they are, without a shell',
    needs,
    run: async ({ box }) => {
      const args = [
        '',
        ' ',
        '$HOME',
        '`id`',
        '; exit 9',
        '*',
        '"',
        "'",
        '\\n',
        '--',
        '-e',
        '\u00fc\u{1f600}',
        'a\nb',
        '>x',
      ]
      const { stdout, exitCode } = await runIn(box, 'sh', {
        args: ['-c', 'printf "[%s]" "$@"', 'sh', ...args],
      })
      assert.equal(exitCode, 0)
      assert.equal(textOf(stdout), args.map((each) => `[${each}]`).join(''))
      assert.equal(await box.files.stat('/workspace/x'), undefined)
      await refuses(() => runIn(box, 'echo hello'), 'sandbox/command', { reason: 'not_found' })
    },
  },
  {
    title: 'exec: gives the exit code and both streams, whatever they are',
    needs,
    run: async ({ box }) => {
      const script = (text: string) => runIn(box, 'sh', { args: ['-c', text] })
      assert.deepEqual(outputOf(await script('echo out; echo err >&2; exit 3')), [3, 'out\n', 'err\n'])
      assert.deepEqual(outputOf(await script('exit 255')), [255, '', ''])
      assert.deepEqual(outputOf(await runIn(box, 'true')), [0, '', ''])
      const { stdout } = await script(String.raw`printf '\000\377\200'`)
      assert.deepEqual([...stdout], [0, 255, 128])
    },
  },
  {
    title: 'exec: files of calls and of commands are the same',
    needs,
    run: async ({ box, files }) => {
      await writeAll(files, { '/workspace/in/a': 'from a call' })
      assert.equal(
        await shell(box, 'cat in/a; printf "from a command" > in/b; chmod 750 in/b'),
        'from a call',
      )
      assert.equal(await textAt(files, '/workspace/in/b'), 'from a command')
      assert.equal((await files.stat('/workspace/in/b'))?.mode, 0o750)
      await files.remove('/workspace/in')
      assert.equal(await shell(box, 'ls -A'), '')
    },
  },
  {
    title: 'exec: runs in /workspace or in the directory of cwd',
    needs,
    run: async ({ box, files }) => {
      await writeAll(files, { '/workspace/a b/x': '' })
      assert.equal(await shell(box, 'pwd; ls'), '/workspace\na b\n')
      assert.equal(await shell(box, 'pwd; ls', { cwd: '/workspace/a b' }), '/workspace/a b\nx\n')
      const missing = ['/workspace/none', '/workspace/a b/x', '/none']
      const malformed = ['a b', '', '.', '/workspace/', '/workspace//a b', '/workspace/a b/../a b']
      const others = [...missing, ...malformed]
      for (const cwd of others) {
        await refuses(() => runIn(box, 'true', { cwd }), 'sandbox/command', { reason: 'cwd' })
      }
    },
  },
  {
    title: 'exec: nothing of the host is in the environment, and what is given is',
    needs,
    run: async ({ box }) => {
      const canary = `canary-${process.pid}`
      process.env['BELAY_CONTRACT_CANARY'] = canary
      try {
        const given = { A: 'x=y', EMPTY: '', LINES: 'a\nb', LANG: 'C' }
        const { stdout } = await runIn(box, 'env', { args: ['-0'], env: given })
        const lines = (textOf(stdout) ?? '').split('\0').filter((line) => line !== '')
        const names = lines.map((line) => line.slice(0, line.indexOf('=')))
        // A shell or a wrapper of the adapter may add the names that POSIX gives it.
        const usual = new Set([
          'PATH',
          'HOME',
          'TMPDIR',
          'LANG',
          'PWD',
          'SHLVL',
          '_',
          'OLDPWD',
          ...Object.keys(given),
        ])
        assert.deepEqual(
          names.filter((name) => !usual.has(name)),
          [],
        )
        for (const [name, value] of Object.entries(given)) assert.ok(lines.includes(`${name}=${value}`), name)
        assert.ok(!(textOf(stdout) ?? '').includes(canary))
      } finally {
        delete process.env['BELAY_CONTRACT_CANARY']
      }
    },
  },
  {
    title: 'exec: stdin is given whole as text or bytes, and is empty without',
    needs,
    run: async ({ box }) => {
      const large = 'x'.repeat(300_000)
      assert.equal(textOf((await runIn(box, 'cat', { stdin: large })).stdout), large)
      const bytes = Uint8Array.of(0, 255, 10)
      assert.deepEqual([...(await runIn(box, 'cat', { stdin: bytes })).stdout], [...bytes])
      assert.equal(textOf((await runIn(box, 'cat')).stdout), '')
      const { exitCode } = await runIn(box, 'true', { stdin: large })
      assert.equal(exitCode, 0, 'a command need not read its input')
    },
  },
  {
    title: 'exec: output is cut at exactly the cap of each stream, and says so',
    needs,
    run: async ({ box }) => {
      const script = 'printf 123456789; printf abcdefghij >&2'
      const cut = async (maxOutputBytes: number) => {
        const run = await runIn(box, 'sh', { args: ['-c', script], maxOutputBytes })
        return [
          run.exitCode,
          textOf(run.stdout),
          run.stdoutTruncated,
          textOf(run.stderr),
          run.stderrTruncated,
        ]
      }
      assert.deepEqual(await cut(9), [0, '123456789', false, 'abcdefghi', true])
      assert.deepEqual(await cut(10), [0, '123456789', false, 'abcdefghij', false])
      assert.deepEqual(await cut(0), [0, '', true, '', true])
    },
  },
  {
    title: 'exec: a flood of output ends with its command and takes no more than the cap',
    needs,
    run: async ({ box }) => {
      const flood = await runIn(box, 'sh', {
        args: ['-c', 'head -c 50000000 /dev/zero'],
        maxOutputBytes: 65_536,
      })
      assert.deepEqual([flood.exitCode, flood.stdout.length, flood.stdoutTruncated], [0, 65_536, true])
      const stop = await runIn(box, 'sh', {
        args: ['-c', 'yes | head -c 20000000; echo done >&2'],
        maxOutputBytes: 1_000,
      })
      assert.deepEqual([stop.stdout.length, textOf(stop.stderr)], [1_000, 'done\n'])
    },
  },
  {
    title: 'exec: a command that is not there is refused by name',
    needs,
    run: async ({ box, files }) => {
      const reason = 'not_found'
      for (const command of ['no-such-command-anywhere', '/no/such/command', '/workspace/none']) {
        await refuses(() => runIn(box, command), 'sandbox/command', { reason })
      }
      await files.write('/workspace/script', utf8('#!/bin/sh\necho ran'), { mode: 0o755 })
      assert.equal(textOf((await runIn(box, '/workspace/script')).stdout), 'ran\n')
    },
  },
  {
    title: 'exec: what cannot be an argument, a name or a limit is misuse',
    needs,
    run: async ({ box }) => {
      await refusesMisuse(() => runIn(box, ''))
      await refusesMisuse(() => runIn(box, 'a\0b'))
      await refusesMisuse(() => runIn(box, 'true', { args: ['a\0b'] }))
      await refusesMisuse(() => runIn(box, 'true', { env: { 'A=B': 'c' } }))
      await refusesMisuse(() => runIn(box, 'true', { env: { A: 'b\0c' } }))
      for (const timeoutMs of [-1, Number.NaN]) await refusesMisuse(() => runIn(box, 'true', { timeoutMs }))
      for (const maxOutputBytes of [-1, 0.5])
        await refusesMisuse(() => runIn(box, 'true', { maxOutputBytes }))
    },
  },
  {
    title: 'exec: commands at once have each their own output',
    needs,
    run: async ({ box }) => {
      const ran = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          runIn(box, 'sh', { args: ['-c', `echo ${index}; exit ${index}`] }),
        ),
      )
      assert.deepEqual(
        ran.map(outputOf),
        ran.map((_, index) => [index, `${index}\n`, '']),
      )
    },
  },
]
