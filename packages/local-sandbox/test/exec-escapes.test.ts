import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import {
  mkdirSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { hostname, networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandPolicy } from '../src/exec/commands.ts'
import { callProbes } from './support/escapes/calls.ts'
import { fileProbes } from './support/escapes/files.ts'
import { networkProbes } from './support/escapes/network.ts'
import { processProbes } from './support/escapes/processes.ts'
import { runProbes } from './support/escapes/run.ts'
import { nodeFolder, openExecPlace } from './support/exec-place.ts'

const probes = [...fileProbes, ...networkProbes, ...processProbes, ...callProbes]
const random = Math.random().toString(36).slice(2, 10)

/** What commands try to reach. */
const outside = mkdtempSync(join(tmpdir(), 'belay-outside-'))
const servers: Server[] = []
const udp = createSocket('udp4')
let dummy: ChildProcess
let connections = 0
let packets = 0
let env: Record<string, string>

beforeAll(async () => {
  for (const name of ['canary', 'appended', 'removed', 'mode'])
    writeFileSync(join(outside, name), 'outside', { mode: 0o644 })
  const count = (socket: Socket): void => {
    connections += 1
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  }
  const tcp = createServer(count).listen(0, '0.0.0.0')
  servers.push(
    tcp,
    createServer(count).listen(join(outside, 'socket')),
    createServer(count).listen(`\0belay-${random}`),
  )
  await once(tcp, 'listening')
  udp.on('message', (_, from) => {
    packets += 1
    udp.send('pong', from.port, from.address)
  })
  await new Promise<void>((resolve) => {
    udp.bind(0, '127.0.0.1', resolve)
  })
  dummy = spawn('sh', ['-c', 'sleep 1000 # belay-outside-process'], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], BELAY_HOST_CANARY: 'seen' },
  })
  process.env['BELAY_HOST_CANARY'] = 'seen'
  writeFileSync(`/dev/shm/belay-${random}`, 'outside')
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  env = {
    P_OUT: outside,
    P_SOCKET: join(outside, 'socket'),
    P_ABSTRACT: `belay-${random}`,
    P_TCP: String((tcp.address() as AddressInfo).port),
    P_UDP: String(udp.address().port),
    P_ADDRESS:
      addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1',
    P_PID: String(process.pid),
    P_DUMMY: String(dummy.pid),
    P_NET: readlinkSync('/proc/self/ns/net'),
    P_PIDNS: readlinkSync('/proc/self/ns/pid'),
    P_IPC: readlinkSync('/proc/self/ns/ipc'),
    P_UTS: readlinkSync('/proc/self/ns/uts'),
    P_HOSTNAME: hostname(),
    P_SHM: `belay-${random}`,
    P_NODE_HOST: 'vitest',
  }
})

afterAll(() => {
  dummy.kill('SIGKILL')
  for (const server of servers) server.close()
  udp.close()
  rmSync(outside, { recursive: true, force: true })
  rmSync(`/dev/shm/belay-${random}`, { force: true })
})

async function tryAll(policy: CommandPolicy, tried: typeof probes): Promise<ReadonlySet<string>> {
  const { place, commands, remove } = openExecPlace(policy)
  symlinkSync(join(outside, 'canary'), join(place.workspace, 'planted-link'))
  symlinkSync(join(outside, 'written-4'), join(place.workspace, 'planted-dangling'))
  try {
    const isolated = policy.isolation === 'none' ? 'no' : 'yes'
    return new Set(await runProbes(commands, tried, { ...env, P_PLACE: place.scratch, P_ISOLATED: isolated }))
  } finally {
    await remove()
  }
}

describe('strict', () => {
  let worked: ReadonlySet<string>
  beforeAll(async () => {
    worked = await tryAll({ readOnlyPaths: [nodeFolder] }, probes)
  })

  test('at least 100 ways out are tried, each under a name of its own', () => {
    expect(new Set(probes.map(({ name }) => name)).size).toBe(probes.length)
    expect(probes.length).toBeGreaterThanOrEqual(100)
  })

  test.each(probes.map(({ name }) => name))('%s does not work [SBX-40]', (name) => {
    expect(worked.has(name.replaceAll("'", '’'))).toBe(false)
  })

  test('nothing outside was touched [SBX-40]', () => {
    expect([connections, packets]).toEqual([0, 0])
    expect(readdirSync(outside).toSorted()).toEqual(['appended', 'canary', 'mode', 'removed', 'socket'])
    for (const name of ['canary', 'appended', 'removed'])
      expect(readFileSync(join(outside, name), 'utf8')).toBe('outside')
    expect(statSync(join(outside, 'mode')).mode & 0o777).toBe(0o644)
    expect(dummy.exitCode).toBeNull()
  })
})

describe('without isolation', () => {
  test('the probes that are harmless work, so they can bite', async () => {
    const control = probes.filter((probe) => probe.control === true)
    const worked = await tryAll({ isolation: 'none' }, control)
    const silent = control.map(({ name }) => name).filter((name) => !worked.has(name.replaceAll("'", '’')))
    expect(silent).toEqual([])
    expect(control.length).toBeGreaterThanOrEqual(60)
  })
})

describe('a descriptor that the host inherited and does not know of', () => {
  // Node closes what it opened and the first numbers that it was given; what lies behind a gap stays open for its children.
  const number = 40
  const host = join(import.meta.dirname, 'support/descriptor-host.ts')
  const script = `ls /proc/self/fd | grep -x ${number}; cat /proc/self/fd/${number}`

  function outputUnder(policy: CommandPolicy): string {
    const canary = openSync(join(outside, 'canary'), 'r')
    const gap = Array<'ignore'>(number - 3).fill('ignore')
    const run = spawnSync(process.execPath, [host, JSON.stringify(policy), script], {
      stdio: ['ignore', 'pipe', 'inherit', ...gap, canary],
      encoding: 'utf8',
    })
    closeSync(canary)
    expect(run.status).toBe(0)
    return run.stdout
  }

  test('is not passed to a command [SBX-40]', () => {
    expect(outputUnder({})).toBe('')
  })

  test('is passed on without isolation, so the probe can bite', () => {
    expect(outputUnder({ isolation: 'none' })).toBe(`${number}\noutside`)
  })
})

describe('what is planted in the tree', () => {
  test('is used by no later command and by nothing of the host [SBX-41]', async () => {
    const { place, commands, remove } = openExecPlace()
    try {
      const plant = `
        run='touch /workspace/ran'
        mkdir -p .git/hooks && printf '#!/bin/sh\\n%s\\n' "$run" > .git/hooks/post-checkout && chmod +x .git/hooks/*
        printf '[core]\\n fsmonitor = "touch /workspace/ran"\\n' > .git/config
        for f in .bashrc .profile .bash_profile .npmrc .gitconfig .env sitecustomize.py; do echo "$run" > "$f"; echo "$run" > "$HOME/$f"; done
        echo '[core]' > "$HOME/.gitconfig"; mkdir -p bin; printf '#!/bin/sh\\n%s\\n' "$run" > ls; printf '#!/bin/sh\\n%s\\n' "$run" > bwrap
        chmod +x ls bwrap; cp ls /tmp/ls; echo planted > /tmp/planted; echo planted > /dev/shm/planted`
      expect((await commands.exec('sh', { args: ['-c', plant] })).exitCode).toBe(0)
      await commands.exec('ls')
      await commands.exec('sh', { args: ['-lc', 'true'] })
      const left = await commands.exec('sh', { args: ['-c', 'ls -A "$HOME" /tmp /dev/shm'] })
      expect(Buffer.from(left.stdout).toString()).not.toMatch(/planted|rc|profile|gitconfig/)
      expect(readdirSync(place.workspace)).not.toContain('ran')
    } finally {
      await remove()
    }
  })
})

describe('arguments', () => {
  test('are passed as they are [SBX-42]', async () => {
    const { commands, remove } = openExecPlace()
    try {
      const args = [
        '--',
        '-e',
        '',
        'a b',
        '$(id)',
        '`id`',
        "'",
        '"',
        'line\nline',
        '\\',
        '*',
        '--bind',
        '/',
        '/host',
        'é\u{1f600}',
        '-',
      ]
      const { stdout } = await commands.exec('sh', {
        args: ['-c', 'for a in "$@"; do printf "%s\\0" "$a"; done', 'sh', ...args],
      })
      expect(Buffer.from(stdout).toString().split('\0').slice(0, -1)).toEqual(args)
      for (const command of ['--bind', '-', '--', '--help']) {
        await expect(commands.exec(command)).rejects.toMatchObject({
          code: 'sandbox/command',
          meta: { reason: 'not_found' },
        })
      }
      for (const call of [
        () => commands.exec('a\0b'),
        () => commands.exec('sh', { args: ['a\0b'] }),
        () => commands.exec('sh', { env: { A: 'a\0b' } }),
        () => commands.exec('sh', { env: { 'A=B': 'c' } }),
        () => commands.exec('sh', { cwd: '/workspace\0' }),
        () => commands.exec(''),
      ]) {
        await expect(call()).rejects.toThrow(TypeError)
      }
    } finally {
      await remove()
    }
  })
})

test('a policy that is wrong is a TypeError', () => {
  mkdirSync(join(outside, 'x'), { recursive: true })
  const wrong: readonly CommandPolicy[] = [
    { isolation: 'total' as never },
    { readOnlyPaths: ['/'] },
    { readOnlyPaths: ['/workspace/x'] },
    { readOnlyPaths: ['/usr/../root'] },
    { readOnlyPaths: ['relative'] },
    { limits: { pids: 15 } },
    { limits: { pid: 20 } as never },
    { limits: 20 as never },
    { allowCommands: 'bash' as never },
    { readOnlyPaths: '/opt' as never },
    { env: 'A=1' as never },
    { env: { A: 1 as never } },
    { env: { 'A=B': 'x' } },
    { network: 'none' as never },
    { network: { allowed: [] } as never },
    { network: {} as never },
    { network: { allow: [null as never] } },
    { maxOutputBytes: -1 },
    { network: { allow: [{ host: '*.example.com', port: 443 }] } },
    { network: { allow: [{ host: 'example.com', port: 0 }] } },
  ]
  for (const policy of wrong) expect(() => openExecPlace(policy)).toThrow(TypeError)
  rmSync(join(outside, 'x'), { recursive: true })
})

test.each(['strict', 'best-effort'] as const)(
  'a path that is not there is refused by name, and no reason to isolate nothing (%s)',
  (isolation) => {
    const open = (): unknown => openExecPlace({ isolation, readOnlyPaths: ['/no/such/path'] })
    expect(open).toThrow(
      expect.objectContaining({ code: 'sandbox/unavailable', meta: { reason: 'read_only_path_missing' } }),
    )
    expect(open).toThrow('/no/such/path')
  },
)
