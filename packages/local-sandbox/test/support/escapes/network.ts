import { node, perl, sh } from './probe.ts'
import type { EscapeProbe } from './probe.ts'

const connects = (to: string): string =>
  `return await new Promise((resolve) => { const s = require('node:net').connect(${to}); s.once('connect', () => resolve(true)); s.once('error', () => resolve(false)); s.setTimeout(3000, () => resolve(false)) })`

const fetches = (url: string): string =>
  `return await fetch(${url}, { signal: AbortSignal.timeout(3000) }).then(() => true, () => false)`

/** Tries to reach sockets outside. The host listens on `P_TCP`, `P_UDP`, the file `P_SOCKET` and the abstract name `P_ABSTRACT`. */
export const networkProbes: readonly EscapeProbe[] = [
  node('TCP to 127.0.0.1', connects(`{ host: '127.0.0.1', port: Number(process.env.P_TCP) }`), true),
  node('TCP to 127.0.0.2', connects(`{ host: '127.0.0.2', port: Number(process.env.P_TCP) }`), true),
  node('TCP to 0.0.0.0', connects(`{ host: '0.0.0.0', port: Number(process.env.P_TCP) }`), true),
  node('TCP to localhost by name', connects(`{ host: 'localhost', port: Number(process.env.P_TCP) }`), true),
  node(
    'TCP to an IPv4 address in IPv6',
    connects(`{ host: '::ffff:127.0.0.1', port: Number(process.env.P_TCP) }`),
    true,
  ),
  node(
    'TCP to an address of the host',
    connects(`{ host: process.env.P_ADDRESS, port: Number(process.env.P_TCP) }`),
    true,
  ),
  node('TCP to the addresses of clouds', connects(`{ host: '169.254.169.254', port: 80 }`)),
  node('TCP out of the machine', connects(`{ host: '192.0.2.1', port: 80 }`)),
  node('HTTP to the host', fetches('`http://127.0.0.1:${process.env.P_TCP}/`'), true),
  node('a socket file by its path', connects('{ path: process.env.P_SOCKET }'), true),
  node(
    'a socket file through a link',
    `require('node:fs').symlinkSync(process.env.P_SOCKET, 'socket-link'); ${connects("{ path: 'socket-link' }")}`,
    true,
  ),
  node('an abstract socket', connects('{ path: "\\0" + process.env.P_ABSTRACT }'), true),
  node('the socket of Docker', connects(`{ path: '/var/run/docker.sock' }`)),
  node('the socket of containerd', connects(`{ path: '/run/containerd/containerd.sock' }`)),
  node('the socket of D-Bus', connects(`{ path: '/run/dbus/system_bus_socket' }`)),
  node('the socket of systemd', connects(`{ path: '/run/systemd/private' }`)),
  node('the socket of journald', connects(`{ path: '/run/systemd/journal/stdout' }`)),
  node(
    'UDP to 127.0.0.1',
    `return await new Promise((resolve) => { const d = require('node:dgram').createSocket('udp4'); d.once('message', () => resolve(true)); d.once('error', () => resolve(false)); d.send('ping', Number(process.env.P_UDP), '127.0.0.1'); setTimeout(() => resolve(false), 700) })`,
    true,
  ),
  node(
    'names are looked up',
    `return await require('node:dns').promises.resolve('example.com').then(() => true, () => false)`,
  ),
  node(
    'other interfaces than the loop',
    `return Object.keys(require('node:os').networkInterfaces()).some((name) => name !== 'lo')`,
    true,
  ),
  sh('routes out', '[ "$(cat /proc/net/route | wc -l)" -gt 1 ]', true),
  sh('connections of the host are listed', 'grep -qi "$(printf %04X "$P_TCP")" /proc/net/tcp', true),
  sh('sockets of the host are listed', 'grep -q "$P_ABSTRACT" /proc/net/unix', true),
  perl('raw socket', 'socket(my $s, 2, 3, 1)', true),
  perl('packet socket', 'socket(my $s, 17, 3, 768)', true),
  perl('socket to the hypervisor', 'socket(my $s, 40, 1, 0)'),
  perl('socket of the crypto layer', 'socket(my $s, 38, 5, 0)'),
  perl('socket of keys', 'socket(my $s, 15, 3, 2)'),
  perl('socket of Bluetooth', 'socket(my $s, 31, 3, 1)'),
  sh('an address for the loop of this network', 'ip addr add 10.9.8.7/8 dev lo'),
]
