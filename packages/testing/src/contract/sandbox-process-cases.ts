import assert from 'node:assert/strict'
import type { CommandOptions, ExecError, Sandbox, SandboxProcess } from '@belay/core/ports'
import { markedSeconds, processesWith } from './host-processes.ts'
import { refuses } from './refusals.ts'
import { runIn, textOf, utf8, type SandboxCase } from './sandbox-case.ts'
import { settles, until } from './until.ts'

const needs = ['sandbox.exec'] as const

/** A tree with a child in a session of its own and one that does not listen to SIGTERM; each says that it has begun. */
function treeOf(seconds: string): string[] {
  const child = `(trap "" TERM HUP; sleep ${seconds}) & setsid sleep ${seconds} & `
  return ['-c', `${child} echo begun; sleep ${seconds}`]
}

async function started(box: Sandbox, command: string, options?: CommandOptions): Promise<SandboxProcess> {
  assert.ok(box.spawn !== undefined, 'a sandbox with sandbox.exec has spawn')
  return box.spawn(command, options)
}

/** Reads a stream to its end, or until it holds enough. */
async function read(stream: ReadableStream<Uint8Array>, enough = Number.POSITIVE_INFINITY): Promise<string> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    while (size < enough) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      size += value.length
    }
  } finally {
    reader.releaseLock()
  }
  return textOf(Buffer.concat(chunks)) ?? ''
}

async function leavesNothing(seconds: string): Promise<void> {
  assert.deepEqual(await processesWith(seconds), [], 'processes of the command live on')
}

async function begun(child: SandboxProcess): Promise<void> {
  assert.equal(await settles('the command to begin', read(child.stdout, 6)), 'begun\n')
}

/** Commands that are ended, and processes with their streams. */
export const sandboxProcessCases: readonly SandboxCase[] = [
  {
    title: 'timeout: ends the whole tree, and the error has the output so far beside it',
    needs,
    run: async ({ box }) => {
      const seconds = markedSeconds()
      const error = await refuses(
        () => runIn(box, 'sh', { args: treeOf(seconds), timeoutMs: 700 }),
        'sandbox/timeout',
        { timeoutMs: 700 },
      )
      await leavesNothing(seconds)
      assert.equal(textOf((error as unknown as ExecError).output?.stdout), 'begun\n')
      assert.ok(!JSON.stringify(error).includes('begun'), 'output is no part of the JSON of an error')
      assert.equal((await runIn(box, 'true')).exitCode, 0)
    },
  },
  {
    title: 'timeout: 0 is none',
    needs,
    run: async ({ box }) => {
      assert.equal((await runIn(box, 'true', { timeoutMs: 0 })).exitCode, 0)
    },
  },
  {
    title: 'abort: ends the whole tree with the reason of the signal',
    needs,
    run: async ({ box }) => {
      const seconds = markedSeconds()
      const reason = new Error('enough')
      await assert.rejects(runIn(box, 'true', { signal: AbortSignal.abort(reason) }), reason)
      const abort = new AbortController()
      const running = assert.rejects(
        runIn(box, 'sh', { args: treeOf(seconds), signal: abort.signal }),
        reason,
      )
      await until('the command to begin', async () => {
        return (await processesWith(seconds)).length > 0 || process.platform !== 'linux'
      })
      abort.abort(reason)
      await settles('the command to end', running)
      await leavesNothing(seconds)
    },
  },
  {
    title: 'exec: what a command leaves in the background ends with it',
    needs,
    run: async ({ box }) => {
      const seconds = markedSeconds()
      const script = `setsid sleep ${seconds} > /dev/null 2>&1 & (trap "" HUP TERM; sleep ${seconds}) & echo left`
      const left = await settles('exec to settle', runIn(box, 'sh', { args: ['-c', script] }))
      assert.deepEqual([left.exitCode, textOf(left.stdout)], [0, 'left\n'])
      await leavesNothing(seconds)
    },
  },
  {
    title: 'signal: a command that one ended is an error that names it, never an exit code',
    needs,
    run: async ({ box }) => {
      for (const signal of ['KILL', 'TERM', 'SEGV']) {
        const script = `echo before; kill -${signal} $$; sleep 5`
        const error = await refuses(() => runIn(box, 'sh', { args: ['-c', script] }), 'sandbox/signal', {
          signal: `SIG${signal}`,
        })
        assert.equal(textOf((error as unknown as ExecError).output?.stdout), 'before\n')
      }
    },
  },
  {
    title: 'spawn: streams go both ways, and ended gives the exit code',
    needs,
    run: async ({ box }) => {
      const child = await started(box, 'sh', {
        args: ['-c', 'while read line; do echo "got $line"; done; exit 4'],
      })
      const writer = child.stdin.getWriter()
      await writer.write(utf8('one\n'))
      assert.equal(await settles('an answer', read(child.stdout, 8)), 'got one\n')
      await writer.write(utf8('two\n'))
      assert.equal(await settles('an answer', read(child.stdout, 8)), 'got two\n')
      await writer.close()
      assert.equal(await settles('the end of the output', read(child.stdout)), '')
      assert.deepEqual(await settles('the process to end', child.ended), { exitCode: 4 })
    },
  },
  {
    title: 'spawn: output that nobody reads holds the process up',
    needs,
    run: async ({ box, files }) => {
      const script = 'head -c 30000000 /dev/zero; echo written > /workspace/done'
      const child = await started(box, 'sh', { args: ['-c', script] })
      assert.equal((await settles('the first bytes', read(child.stdout, 1))).length > 0, true)
      let hasEnded = false
      void child.ended.then(() => {
        hasEnded = true
      })
      await runIn(box, 'sleep', { args: ['0.3'] })
      assert.equal(hasEnded, false, 'the process wrote 30 MB that nobody has read')
      assert.equal(await files.stat('/workspace/done'), undefined)
      const rest = await read(child.stdout)
      assert.ok(rest.length > 20_000_000)
      assert.deepEqual(await settles('the process to end', child.ended), { exitCode: 0 })
      assert.notEqual(await files.stat('/workspace/done'), undefined)
    },
  },
  {
    title: 'spawn: kill ends the whole tree, and ended names the signal',
    needs,
    run: async ({ box }) => {
      const seconds = markedSeconds()
      const child = await started(box, 'sh', { args: treeOf(seconds) })
      await begun(child)
      await settles('kill', child.kill())
      await child.kill()
      await leavesNothing(seconds)
      assert.ok('signal' in (await settles('the process to end', child.ended)))
    },
  },
  {
    title: 'spawn: an abort ends the whole tree, and ended never rejects',
    needs,
    run: async ({ box }) => {
      const seconds = markedSeconds()
      const abort = new AbortController()
      const child = await started(box, 'sh', { args: treeOf(seconds), signal: abort.signal })
      await begun(child)
      abort.abort(new Error('enough'))
      await settles('the process to end', child.ended)
      await leavesNothing(seconds)
    },
  },
  {
    title: 'spawn: what is not there is refused by name',
    needs,
    run: async ({ box }) => {
      await refuses(() => started(box, 'no-such-command-anywhere'), 'sandbox/command', {
        reason: 'not_found',
      })
      await refuses(() => started(box, 'true', { cwd: '/workspace/none' }), 'sandbox/command', {
        reason: 'cwd',
      })
    },
  },
  {
    title: 'close: ends every process of the sandbox and of no other',
    needs,
    run: async ({ box, openBox }) => {
      const [mine, theirs] = [markedSeconds(), markedSeconds()]
      const other = await openBox()
      const child = await started(box, 'sh', { args: treeOf(mine) })
      const kept = await started(other, 'sh', { args: treeOf(theirs) })
      await Promise.all([begun(child), begun(kept)])
      const running = runIn(box, 'sleep', { args: [mine] }).catch(() => 'ended')
      await settles('close', box.close())
      await settles('the process to end', child.ended)
      assert.equal(await settles('exec to settle', running), 'ended')
      await leavesNothing(mine)
      let hasEnded = false
      void kept.ended.then(() => {
        hasEnded = true
      })
      await runIn(other, 'true')
      assert.equal(hasEnded, false, 'closing one sandbox ended the process of another')
      await kept.kill()
    },
  },
]
