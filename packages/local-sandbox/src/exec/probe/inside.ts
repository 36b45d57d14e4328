/** Runs inside, alone: it may import nothing of this package. Prints the names of what it could do. */

import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { NetConnectOpts } from 'node:net'

/** Where things of the host are. */
export interface InsideRequest {
  readonly canary: string
  readonly written: string
  readonly socket: string
  readonly abstract: string
  readonly port: number
  readonly pid: number
}

const request = JSON.parse(process.argv[2] ?? '') as InsideRequest
const names: string[] = []

const can = (action: () => unknown): boolean => {
  try {
    return action() !== false
  } catch {
    return false
  }
}
const connects = (to: NetConnectOpts): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(to)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
    socket.setTimeout(2000, () => {
      socket.destroy()
      resolve(false)
    })
  })

if (can(() => readFileSync(request.canary)) || existsSync('/etc/shadow')) names.push('read-outside')
can(() => {
  writeFileSync(request.written, 'inside')
})
// Opened and not written: where that works, it is a file or a setting of the host.
const opens = (path: string): boolean =>
  can(() => {
    closeSync(openSync(path, 'r+'))
  })
if (
  ['/usr/bin/env', '/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger'].some(
    (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true && opens(path),
  )
) {
  names.push('write-outside')
}
if (await connects({ host: '127.0.0.1', port: request.port })) names.push('connect-tcp')
if (await connects({ path: request.abstract })) names.push('connect-abstract')
if (await connects({ path: request.socket })) names.push('connect-socket')

const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
const environments = processes.map((pid) => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return ''
  }
})
if (
  process.env['BELAY_PROBE_CANARY'] !== undefined ||
  environments.some((text) => text.includes('BELAY_PROBE_CANARY='))
) {
  names.push('environment')
}
// The first process, this one, and what this one starts: more than a handful is the host's.
if (processes.length > 8 || (request.pid > 64 && can(() => process.kill(request.pid, 0))))
  names.push('see-process')

const status = readFileSync('/proc/self/status', 'utf8')
const capabilities = [...status.matchAll(/^Cap(?:Inh|Prm|Eff|Bnd|Amb):\t([0-9a-f]+)$/gm)]
if (
  capabilities.some((match) => !/^0+$/.test(match[1] ?? '')) ||
  !/^NoNewPrivs:\t1$/m.test(status) ||
  process.getuid?.() === 0 ||
  spawnSync('unshare', ['--user', 'true']).status === 0
) {
  names.push('capability')
}
if (!/^Seccomp:\t2$/m.test(status)) names.push('system-calls')

// Leaves its session, its parent and its pipes.
spawn('sh', ['-c', 'setsid sleep 60 </dev/null >/dev/null 2>&1 & exit 0'], {
  detached: true,
  stdio: 'ignore',
}).once('exit', () => {
  process.stdout.write(JSON.stringify(names))
})
