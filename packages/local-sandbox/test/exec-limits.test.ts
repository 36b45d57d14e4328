import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { treeBytes } from '../src/exec/disk-watch.ts'
import { isPrivateAddress } from '../src/exec/network/private-address.ts'
import { openExecPlace, textOf } from './support/exec-place.ts'

const mib = 1_048_576

describe('floods', () => {
  test('cost the host no memory, and are cut at the cap [SBX-47]', async () => {
    const flood = spawn(
      process.execPath,
      ['--no-warnings', join(import.meta.dirname, 'support/exec-flood.ts')],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let text = ''
    for await (const chunk of flood.stdout) text += String(chunk)
    const { yes, lines, growth } = JSON.parse(text) as { yes: number; lines: number; growth: number }
    expect([yes, lines]).toEqual([1_000_001, 1_000_001])
    console.log(`flood: the host grew by ${(growth / mib).toFixed(1)} MiB`)
    expect(growth).toBeLessThan(32 * mib)
  })
})

describe('disk', () => {
  test('one file ends at the quota [SBX-48]', async () => {
    const { place, commands, remove } = openExecPlace({ limits: { diskBytes: 8 * mib } })
    const script = 'head -c 10G /dev/zero > big; exec head -c 10G /dev/zero > big2'
    await expect(commands.exec('sh', { args: ['-c', script] })).rejects.toMatchObject({
      code: 'sandbox/limit',
    })
    expect(await treeBytes(place.workspace)).toBeLessThanOrEqual(2 * 8 * mib + 65_536)
    await remove()
  })

  test('many files end at the quota and what is written between two looks [SBX-48]', async () => {
    const { place, commands, remove } = openExecPlace({ limits: { diskBytes: 16 * mib } })
    const script = 'i=0; while [ $i -lt 2000 ]; do head -c 1M /dev/zero > f$i; i=$((i+1)); done'
    const call = commands.exec('sh', { args: ['-c', script] })
    await expect(call).rejects.toMatchObject({ code: 'sandbox/limit', meta: { reason: 'bytes' } })
    const over = (await treeBytes(place.workspace)) - 16 * mib
    console.log(
      `disk: ${(over / mib).toFixed(1)} MiB over the quota in ${readdirSync(place.workspace).length} files`,
    )
    expect(over).toBeLessThan(500 * mib)
    await remove()
  })

  test('no name and no depth hides what is in a folder [SBX-48]', async () => {
    const deep = `$(printf 'd/%.0s' $(seq 300))`
    for (const folder of ['"é"', '"$(printf "\\377")"', deep]) {
      const { commands, remove } = openExecPlace({ limits: { diskBytes: 4 * mib } })
      const script = `mkdir -p ${folder}; cd ${folder}; head -c 3M /dev/zero > a; head -c 3M /dev/zero > b; exec sleep 60`
      const call = commands.exec('bash', { args: ['-c', script], timeoutMs: 20_000 })
      await expect(call).rejects.toMatchObject({ code: 'sandbox/limit', meta: { reason: 'bytes' } })
      await remove()
    }
  })

  test('what is over it can still be removed by a command [SBX-48]', async () => {
    const { place, commands, remove } = openExecPlace({ limits: { diskBytes: mib, fileBytes: 8 * mib } })
    writeFileSync(join(place.workspace, 'big'), Buffer.alloc(2 * mib, 1))
    await commands.exec('sh', { args: ['-c', 'sleep 0.3; rm big'] })
    expect(readdirSync(place.workspace)).toEqual([])
    await remove()
  })
})

describe('processes and memory', () => {
  test('a fork bomb stays within its number and ends with its command [SBX-48]', async () => {
    const { commands, remove } = openExecPlace({ limits: { pids: 24 } })
    const bomb = 'bomb() { bomb & bomb & wait; }; bomb 2>/dev/null'
    const end = await commands.exec('sh', { args: ['-c', bomb], timeoutMs: 1000 }).then(
      () => 'ended',
      (error: { readonly code: string }) => error.code,
    )
    expect(['ended', 'sandbox/timeout']).toContain(end)
    const after = await commands.exec('sh', { args: ['-c', 'ls -d /proc/[0-9]* | wc -l'] })
    expect(Number(textOf(after.stdout))).toBeLessThan(6)
    await remove()
  })

  test('a command that takes too much memory is ended by name [SBX-48]', async () => {
    const { commands, remove } = openExecPlace({ limits: { memoryBytes: 48 * mib } })
    const hog = commands.exec('perl', { args: ['-e', '$x = "a" x 200_000_000'] })
    await expect(hog).rejects.toMatchObject({ code: 'sandbox/limit', meta: { reason: 'memory' } })
    const small = await commands.exec('sh', { args: ['-c', 'head -c 1M /dev/zero | tail -c 1M | wc -c'] })
    expect(textOf(small.stdout).trim()).toBe(String(mib))
    await remove()
  })
})

describe('a command that cannot be set up', () => {
  test('more words or longer ones than a command can have are refused by size, and a lost place with its cause [SBX-46]', async () => {
    const own = openExecPlace()
    const tooMuch = { code: 'sandbox/io', meta: { errno: 'E2BIG' } }
    const env = Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`V${index}`, 'x']))
    for (const options of [
      { args: Array<string>(9_000).fill('x') },
      { args: ['x'.repeat(200_000)] },
      { env },
      { env: { LONG: 'x'.repeat(200_000) } },
    ]) {
      await expect(own.commands.exec('true', options)).rejects.toMatchObject(tooMuch)
      await expect(own.commands.spawn('true', options)).rejects.toMatchObject(tooMuch)
    }
    const many = await own.commands.exec('sh', {
      args: ['-c', 'echo $#', 'sh', ...Array<string>(8_700).fill('x')],
    })
    expect(textOf(many.stdout)).toBe('8700\n')
    rmSync(own.place.workspace, { recursive: true })
    const lost: unknown = await own.commands.exec('true').catch((error: unknown) => error)
    expect(lost).toMatchObject({ code: 'sandbox/io', meta: { reason: 'setup' } })
    expect(String((lost as Error).cause)).toContain('No such file')
    await own.remove()
  })
})

describe('an allowed network', () => {
  test('is one host and one port, by the proxy and not around it [SBX-51]', async () => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      seen.push(request.url ?? '')
      response.end('hello')
    }).listen(0, '127.0.0.1')
    const other = createServer((_, response) => response.end('wrong')).listen(0, '127.0.0.1')
    await Promise.all([once(server, 'listening'), once(other, 'listening')])
    const { port } = server.address() as AddressInfo
    const { port: otherPort } = other.address() as AddressInfo
    const allow = [
      { host: '127.0.0.1', port },
      { host: 'localhost', port },
    ]
    const { commands, remove } = openExecPlace({ network: { allow } })
    const curl = async (...args: readonly string[]) => {
      const { stdout, exitCode } = await commands.exec('curl', {
        args: ['-s', '-o', '-', '-w', ' %{http_code} %{http_connect}', ...args],
      })
      return `${exitCode} ${textOf(stdout)}`
    }
    expect(await curl(`http://127.0.0.1:${port}/plain`)).toBe('0 hello 200 000')
    expect(await curl('-p', `http://127.0.0.1:${port}/tunnel`)).toBe('0 hello 200 200')
    expect(await curl(`http://127.0.0.1:${otherPort}/`)).toBe('0  403 000')
    expect(await curl('-p', `http://127.0.0.1:${otherPort}/`)).toBe('56  000 403')
    // A name that leads to a private address, although it is on the list.
    expect(await curl(`http://localhost:${port}/`)).toBe('0  403 000')
    expect(await curl('--noproxy', '*', `http://127.0.0.1:${port}/around`)).toMatch(/^7 /)
    expect(seen).toEqual(['/plain', '/tunnel'])

    // The helper takes nothing from how a command ends.
    await expect(commands.exec('no-such-program')).rejects.toMatchObject({ meta: { reason: 'not_found' } })
    await expect(commands.exec('true', { cwd: '/none' })).rejects.toMatchObject({ meta: { reason: 'cwd' } })
    await expect(commands.exec('sh', { args: ['-c', 'kill -INT $$'] })).rejects.toMatchObject({
      meta: { signal: 'SIGINT' },
    })
    expect((await commands.exec('sh', { args: ['-c', 'exit 143'] })).exitCode).toBe(143)
    await remove()
    server.close()
    other.close()
  })

  test('an answer that cannot be handed on ends its request alone [SBX-51]', async () => {
    const answers: Readonly<Record<string, string>> = {
      '/code': 'HTTP/1.1 042 None\r\nContent-Length: 0\r\n\r\n',
      '/trailer': 'HTTP/1.1 200 OK\r\nTrailer: x\r\nContent-Length: 2\r\n\r\nok',
      '/cut': 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok',
    }
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', (data) => socket.end(answers[String(data).split(' ')[1] ?? ''] ?? ''))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { commands, remove } = openExecPlace({ network: { allow: [{ host: '127.0.0.1', port }] } })
    const curl = async (path: string): Promise<string> => {
      const args = ['-s', '-m', '20', `http://127.0.0.1:${port}${path}`]
      const { stdout, exitCode } = await commands.exec('curl', { args })
      return `${exitCode} ${textOf(stdout)}`
    }
    // 52: nothing came; 18: a part came.
    expect(await curl('/code')).toBe('52 ')
    expect(await curl('/trailer')).toBe('0 ok')
    expect(await curl('/cut')).toBe('18 ok')
    await remove()
    server.close()
  })

  test('addresses that are no internet are told apart [SBX-51]', () => {
    const inside = [
      '127.0.0.1',
      '10.1.2.3',
      '169.254.169.254',
      '192.168.0.1',
      '100.64.0.1',
      '0.0.0.0',
      '::1',
      '::',
      'fe80::1',
      'fd00::1',
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '64:ff9b::a00:1',
    ]
    expect(inside.filter((address) => !isPrivateAddress(address))).toEqual([])
    const outside = [
      '1.1.1.1',
      '93.184.216.34',
      '172.15.0.1',
      '172.32.0.1',
      '2606:4700::1111',
      '::ffff:1.1.1.1',
    ]
    expect(outside.filter((address) => isPrivateAddress(address))).toEqual([])
  })
})
