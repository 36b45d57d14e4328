import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandPolicy } from '../src/exec/commands.ts'
import { openExecPlace, textOf } from './support/exec-place.ts'
import type { ExecPlace } from './support/exec-place.ts'

describe.each(['strict', 'none'] as const)('isolation %s', (isolation) => {
  let opened: ExecPlace
  const open = (policy: CommandPolicy = {}): ExecPlace => openExecPlace({ isolation, ...policy })
  const run = async (script: string) => await opened.commands.exec('sh', { args: ['-c', script] })
  beforeAll(() => {
    process.env['BELAY_HOST_CANARY'] = 'seen'
    opened = open()
    mkdirSync(join(opened.place.workspace, 'folder'))
    writeFileSync(join(opened.place.workspace, 'text'), 'not a program\n')
    symlinkSync('folder', join(opened.place.workspace, 'link'))
  })
  afterAll(async () => {
    await opened.remove()
  })

  test('every exit code is a result, also those that shells use for signals and missing programs [SBX-45]', async () => {
    for (const code of [0, 1, 126, 127, 128, 130, 137, 141, 143, 255]) {
      expect((await run(`exit ${code}`)).exitCode).toBe(code)
    }
    expect((await run('no-such-program')).exitCode).toBe(127)
  })

  test.each(['KILL', 'TERM', 'INT', 'PIPE', 'SEGV'])(
    'the signal %s is an error that names it [SBX-45]',
    async (signal) => {
      const call = run(`echo before; kill -${signal} $$`)
      await expect(call).rejects.toMatchObject({ code: 'sandbox/signal', meta: { signal: `SIG${signal}` } })
      const output = await call.catch(
        (error: { readonly output: { readonly stdout: Uint8Array } }) => error.output,
      )
      expect(textOf(output.stdout)).toBe('before\n')
    },
  )

  test('what is not started says why [SBX-46]', async () => {
    const { commands } = opened
    const refused = async (call: Promise<unknown>, reason: string): Promise<void> => {
      await expect(call).rejects.toMatchObject({ code: 'sandbox/command', meta: { reason } })
    }
    await refused(commands.exec('no-such-program'), 'not_found')
    await refused(commands.exec('/no/such/program'), 'not_found')
    await refused(commands.exec('./text'), 'not_found')
    await refused(commands.exec('/usr'), 'not_found')
    await refused(commands.spawn('no-such-program'), 'not_found')
    for (const cwd of [
      '/workspace/none',
      '/workspace/text',
      'folder',
      '/workspace/../etc',
      '/workspace/folder/',
    ]) {
      await refused(commands.exec('true', { cwd }), 'cwd')
    }
    const limited = open({ allowCommands: ['echo'] })
    await refused(limited.commands.exec('/bin/echo'), 'not_allowed')
    await refused(limited.commands.spawn('sh'), 'not_allowed')
    expect((await limited.commands.exec('echo')).exitCode).toBe(0)
    await limited.remove()
  })

  test('the environment is what was given, and nothing of the host [SBX-52]', async () => {
    const own = open({ env: { A: 'policy', B: 'policy' } })
    const { stdout } = await own.commands.exec('env', { env: { B: 'call', LANG: 'x', EMPTY: '' } })
    const names = textOf(stdout).trim().split('\n')
    expect(names).toEqual(expect.arrayContaining(['A=policy', 'B=call', 'LANG=x', 'EMPTY=']))
    const known = ['A', 'B', 'LANG', 'EMPTY', 'PATH', 'HOME', 'TMPDIR', 'PWD', 'BELAY_COMMAND']
    expect(names.map((line) => line.split('=')[0] ?? '').filter((name) => !known.includes(name))).toEqual([])
    await own.remove()
  })

  test('standard input and the directory arrive [SBX-46]', async () => {
    const { commands } = opened
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 256)
    expect(Buffer.from(bytes).equals((await commands.exec('cat', { stdin: bytes })).stdout)).toBe(true)
    // Nobody reads it.
    expect((await commands.exec('true', { stdin: bytes })).exitCode).toBe(0)
    expect(textOf((await commands.exec('pwd', { cwd: '/workspace/folder' })).stdout)).toMatch(/\/folder\n$/)
  })

  test('output is cut at the cap exactly, per stream, and the command goes on [SBX-47]', async () => {
    const { commands } = opened
    const script = 'i=0; while [ $i -lt 300 ]; do echo 0123456789; i=$((i+1)); done; printf 12345 >&2; exit 7'
    const cut = await commands.exec('sh', { args: ['-c', script], maxOutputBytes: 1001 })
    expect([cut.exitCode, cut.stdout.length, cut.stdoutTruncated, cut.stderrTruncated]).toEqual([
      7,
      1001,
      true,
      false,
    ])
    expect(textOf(cut.stdout)).toBe('0123456789\n'.repeat(92).slice(0, 1001))
    const whole = await commands.exec('printf', { args: ['12345'], maxOutputBytes: 5 })
    expect([textOf(whole.stdout), whole.stdoutTruncated]).toEqual(['12345', false])
    const none = await commands.exec('printf', { args: ['12345'], maxOutputBytes: 0 })
    expect([none.stdout.length, none.stdoutTruncated]).toEqual([0, true])
  })

  test('a spawned command is read and written as streams, and waits for its reader [SBX-53]', async () => {
    const { commands } = opened
    const cat = await commands.spawn('cat')
    const writer = cat.stdin.getWriter()
    await writer.write(Buffer.from('hello '))
    await writer.write(Buffer.from('there'))
    await writer.close()
    expect(await new Response(cat.stdout).text()).toBe('hello there')
    expect(await cat.ended).toEqual({ exitCode: 0 })

    const flood = await commands.spawn('sh', {
      args: ['-c', 'i=0; while :; do printf %01000d 0; i=$((i+1)); echo $i > count; done'],
    })
    const reader = flood.stdout.getReader()
    await reader.read()
    const read = async (): Promise<string> => textOf((await commands.exec('cat', { args: ['count'] })).stdout)
    // Once the pipe is full nothing moves.
    let before = ''
    for (let now = await read(); now !== before || now === ''; now = await read()) before = now
    expect(Number(before) * 1000).toBeLessThan(2_000_000)
    await flood.kill()
    expect(await flood.ended).toEqual({ signal: 'SIGKILL' })
  })

  test('an abort before and a close after are refused by name [SBX-46]', async () => {
    const own = open()
    const reason = new Error('no')
    await expect(own.commands.exec('true', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await expect(own.commands.spawn('true', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await own.remove()
    await own.commands.close()
    await expect(own.commands.exec('true')).rejects.toMatchObject({ code: 'sandbox/closed' })
    await expect(own.commands.spawn('true')).rejects.toMatchObject({ code: 'sandbox/closed' })
    await expect(opened.commands.exec('true', { timeoutMs: -1 })).rejects.toThrow(TypeError)
  })
})
