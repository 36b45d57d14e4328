/** Runs in a process of its own: opens what must not be reached, lets a command try, and prints what it found. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Place } from '../../tree.ts'
import { environmentOf } from '../command-call.ts'
import { isolatedStarter } from '../isolated-starter.ts'
import type { ResolvedPolicy } from '../policy.ts'
import { allProcesses, environmentOfProcess } from '../process-tree.ts'
import type { TreeEnd } from '../tree.ts'
import type { InsideRequest } from './inside.ts'
import { escapes } from './escapes.ts'
import type { Escape, ProbeFindings, ProbeRequest } from './run.ts'

const { policy, program } = JSON.parse(readFileSync(0, 'utf8')) as ProbeRequest
const root = mkdtempSync(join(tmpdir(), 'belay-probe-'))
let kits = 0

async function probe(): Promise<ProbeFindings> {
  const place = makePlace()
  const [canary, socket, abstract] = [
    join(root, 'canary'),
    join(root, 'socket'),
    `\0belay-${randomBytes(8).toString('hex')}`,
  ]
  writeFileSync(canary, 'outside', { mode: 0o644 })
  const tcp = createServer().listen(0, '127.0.0.1')
  const servers = [tcp, createServer().listen(socket), createServer().listen(abstract)]
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    server.unref()
  }
  const { port } = tcp.address() as AddressInfo
  const extension = extname(import.meta.url)
  const script = `inside${extension === '.ts' ? '.mts' : '.mjs'}`
  copyFileSync(fileURLToPath(new URL(`./inside${extension}`, import.meta.url)), join(place.workspace, script))

  const request: InsideRequest = {
    canary,
    written: join(root, 'written'),
    socket,
    abstract,
    port,
    pid: process.pid,
  }
  const mark = randomBytes(16).toString('hex')
  const tried = await run(place, policy, {
    command: '/run/belay/node',
    args: ['--no-warnings', `/workspace/${script}`, JSON.stringify(request)],
    env: { BELAY_PROBE_MARK: mark },
  })
  if (tried.end.kind === 'refused')
    return { escaped: [], notes: [], failure: `${causeOf(tried.end.error)} ${tried.stderr}` }
  const names = namesOf(tried.stdout)
  if (names === undefined)
    return { escaped: [], notes: [], failure: `no answer from inside: ${tried.stderr}` }
  if (existsSync(request.written)) names.push('write-outside')
  if (allProcesses().some(({ pid, dead }) => !dead && environmentOfProcess(pid).includes(mark)))
    names.push('outlive')
  names.push(...(await tryLimits(place)))
  const escaped = escapes.filter(({ name }) => names.includes(name))
  return { escaped, notes: notesOf(escaped) }
}

/** Whether limits end what goes over them. Small ones are tried, so that the host does not feel it. */
async function tryLimits(place: Place): Promise<readonly string[]> {
  const many = 'i=0; while [ $i -lt 40 ]; do sleep 9 & i=$((i+1)); done'
  const pids = await run(place, limited({ pids: 16 }), { command: 'sh', args: ['-c', many] })
  const names = pids.end.kind === 'exit' && pids.end.exitCode === 0 ? ['many-processes'] : []
  if (policy.limits.memoryBytes === undefined) return [...names, 'much-memory']
  const memory = await run(place, limited({ memoryBytes: 33_554_432 }), {
    command: 'sh',
    args: ['-c', 'head -c 96M /dev/zero | tail -c 96M | wc -c'],
  })
  return memory.stdout.trim() === '100663296' ? [...names, 'much-memory'] : names
}

const limited = (limits: { readonly pids?: number; readonly memoryBytes?: number }): ResolvedPolicy => ({
  ...policy,
  allowHosts: [],
  limits: { tmpBytes: policy.limits.tmpBytes, ...limits },
})

interface Ran {
  readonly end: TreeEnd
  readonly stdout: string
  readonly stderr: string
}

interface Run {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

async function run(place: Place, limits: ResolvedPolicy, { command, args, env = {} }: Run): Promise<Ran> {
  const starter = isolatedStarter({
    place,
    policy: { ...limits, allowHosts: [] },
    program,
    kitFolder: join(place.scratch, `exec${(kits += 1)}`),
    mounts: ['--ro-bind', process.execPath, '/run/belay/node'],
  })
  const call = { command, args, cwd: '/workspace', env: environmentOf({ env }, limits, starter.surroundings) }
  const tree = await starter.start(call)
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    return text
  }
  tree.stdin.end()
  const [end, stdout, stderr] = await Promise.all([tree.ended, read(tree.stdout), read(tree.stderr)])
  await starter.close()
  return { end, stdout, stderr }
}

function makePlace(): Place {
  const folder = (name: string): string => {
    const path = join(root, name)
    mkdirSync(path, { mode: 0o700 })
    return path
  }
  return {
    workspace: folder('workspace'),
    skills: folder('skills'),
    scratch: folder('scratch'),
    staging: folder('staging'),
  }
}

function namesOf(text: string): string[] | undefined {
  try {
    return JSON.parse(text) as string[]
  } catch {
    return undefined
  }
}

/** Why a limit is not kept, where nobody asked for it. */
function notesOf(escaped: readonly Escape[]): readonly string[] {
  return escaped.some(({ name }) => name === 'much-memory') && policy.limits.memoryBytes === undefined
    ? ['`limits.memoryBytes` is not set.']
    : []
}

const causeOf = (error: Error): string =>
  `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`

try {
  process.stdout.write(JSON.stringify(await probe()))
} finally {
  rmSync(root, { recursive: true, force: true })
}
