import type { Isolation } from '@belay/core/ports'

/** A host and a port that commands may reach. `host` is a name or an address, taken literally, without patterns. */
export interface NetworkTarget {
  readonly host: string
  readonly port: number
}

/** What one sandbox's commands may take. Absent: see each. */
export interface CommandLimits {
  /** Processes and threads at once, 16 or more. Default 512 where a control group can be made, else no limit. */
  readonly pids?: number
  /** Bytes of memory, pages of temporary files included. Default: no limit. */
  readonly memoryBytes?: number
  /** Bytes of the tree in `/workspace`, looked at while a command runs, and of each file. Default: no limit. */
  readonly diskBytes?: number
  /** Bytes of each file that a command writes, wherever. Default: `diskBytes`. */
  readonly fileBytes?: number
  /** Bytes of `/tmp`, which is in memory and new for each command. Default 268,435,456. */
  readonly tmpBytes?: number
}

/** What an application says about commands. Only read when `exec` is on. */
export interface CommandPolicy {
  /** Default `strict`. */
  readonly isolation?: Isolation
  /** Programs that may be started, as `command` is given; absent: all. */
  readonly allowCommands?: readonly string[]
  /** Per stream. Default 10,485,760. */
  readonly maxOutputBytes?: number
  /** Hosts that commands reach, through a proxy for HTTP. Default: none. */
  readonly network?: { readonly allow: readonly NetworkTarget[] }
  readonly limits?: CommandLimits
  /** Paths of the host that commands see at the same place, read-only, beside the programs and libraries of the system. */
  readonly readOnlyPaths?: readonly string[]
  /** Variables of every command, below its own. */
  readonly env?: Readonly<Record<string, string>>
  /** The program that isolates. Default: `bwrap` on the `PATH` of this process. */
  readonly bubblewrap?: string
}

/** A policy with its defaults. */
export interface ResolvedPolicy {
  readonly isolation: Isolation
  readonly allowCommands: readonly string[] | undefined
  readonly maxOutputBytes: number
  readonly allowHosts: readonly NetworkTarget[]
  readonly limits: CommandLimits & { readonly tmpBytes: number }
  readonly readOnlyPaths: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly bubblewrap: string | undefined
}

const isolations: readonly string[] = ['strict', 'best-effort', 'none']

/** Throws `TypeError` for what is out of range, so that a typo never widens what commands may do. */
export function resolvePolicy(policy: CommandPolicy): ResolvedPolicy {
  const { isolation = 'strict', allowCommands, maxOutputBytes = 10_485_760, network, limits = {} } = policy
  if (!isolations.includes(isolation)) wrong('isolation', "one of 'strict', 'best-effort' and 'none'")
  checkKeys('limits', limits, limitKeys)
  if (network !== undefined) checkKeys('network', network, ['allow'])
  checkInteger('maxOutputBytes', maxOutputBytes, 0, 1_073_741_824)
  checkInteger('limits.pids', limits.pids, leastPids, 4_194_304)
  checkInteger('limits.memoryBytes', limits.memoryBytes, 16_777_216, Number.MAX_SAFE_INTEGER)
  checkInteger('limits.diskBytes', limits.diskBytes, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('limits.fileBytes', limits.fileBytes, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('limits.tmpBytes', limits.tmpBytes, 65_536, Number.MAX_SAFE_INTEGER)
  for (const command of listOf('allowCommands', allowCommands)) {
    if (typeof command !== 'string' || command === '') wrong('allowCommands', 'a list of programs')
  }
  for (const path of listOf('readOnlyPaths', policy.readOnlyPaths)) checkReadOnlyPath(path)
  for (const target of listOf('network.allow', network === undefined ? [] : (network.allow ?? null))) {
    checkKeys('network.allow', target, ['host', 'port'])
    if (typeof target.host !== 'string' || !/^[\w.:-]{1,253}$/.test(target.host))
      wrong('network.allow', 'names or addresses')
    checkInteger('network.allow: port', target.port, 1, 65_535)
  }
  checkEnv(policy.env ?? {})
  return {
    isolation,
    allowCommands,
    maxOutputBytes,
    allowHosts: network?.allow ?? [],
    limits: { ...limits, tmpBytes: limits.tmpBytes ?? 268_435_456 },
    readOnlyPaths: policy.readOnlyPaths ?? [],
    env: policy.env ?? {},
    bubblewrap: policy.bubblewrap,
  }
}

/** Places that the sandbox fills itself; a path of the host there would hide them or be hidden. */
const taken = ['/workspace', '/skills', '/proc', '/dev', '/tmp/home', '/run/belay', '/sys']

function checkReadOnlyPath(path: string): void {
  if (
    path === '/tmp' ||
    typeof path !== 'string' ||
    !/^(\/[^/\0]+)+$/.test(path) ||
    /\/\.\.?(\/|$)/.test(path)
  ) {
    wrong('readOnlyPaths', 'absolute, normal paths other than / and /tmp')
  }
  const clash = taken.find((place) => path === place || path.startsWith(`${place}/`))
  if (clash !== undefined) wrong('readOnlyPaths', `paths outside of ${clash}, which the sandbox fills itself`)
}

const limitKeys: readonly (keyof CommandLimits)[] = [
  'pids',
  'memoryBytes',
  'diskBytes',
  'fileBytes',
  'tmpBytes',
]

/** Fewer are not enough for the commands that try the isolation. */
const leastPids = 16

/** An unknown key would be a limit that does not hold. */
function checkKeys(name: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong(name, 'an object')
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined) wrong(name, `without \`${unknown}\`; known are: ${known.join(', ')}`)
}

/** A text would be taken for a list of its characters. */
function listOf<T>(name: string, value: readonly T[] | undefined | null): readonly T[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) wrong(name, 'a list')
  return value as readonly T[]
}

function checkEnv(env: unknown): void {
  if (typeof env !== 'object' || env === null || Array.isArray(env)) wrong('env', 'an object of texts')
  for (const [name, value] of Object.entries(env)) {
    const isFit = name !== '' && !/[=\0]/.test(name) && typeof value === 'string' && !value.includes('\0')
    if (!isFit) wrong('env', 'names without = and their texts, none of them with a NUL character')
  }
}

function checkInteger(name: string, value: number | undefined, least: number, most: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most)) {
    wrong(name, `an integer from ${least} to ${most}`)
  }
}

function wrong(name: string, must: string): never {
  throw new TypeError(`Sandbox: \`${name}\` must be ${must}.`)
}
