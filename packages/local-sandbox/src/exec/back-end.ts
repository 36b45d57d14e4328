import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { PortError } from '@belay/core/ports'
import type { IsolationControl, IsolationReport } from '@belay/core/ports'
import { resolvePolicy } from './policy.ts'
import type { CommandPolicy, ResolvedPolicy } from './policy.ts'
import { runProbe } from './probe/run.ts'
import type { ProbeFindings } from './probe/run.ts'

/** What runs commands under a policy on this host. */
export interface BackEnd {
  /** Path of bubblewrap; absent: plain processes of the host. */
  readonly program?: string
  readonly report: IsolationReport
}

/** The first version that can forbid user namespaces inside and give a temporary file system a size. */
const leastVersion = [0, 8, 0] as const

const known = new Map<string, BackEnd | PortError>()

/**
 * Tries what can be kept from commands on this host, once per process and policy. Throws `TypeError` for a wrong policy, and
 * `sandbox/unavailable` when `strict` was asked for and something is not kept.
 */
export function checkIsolation(policy: CommandPolicy): IsolationReport {
  return backEndOf(resolvePolicy(policy)).report
}

/** What a policy comes to on this host. Throws as `checkIsolation`. */
export function backEndOf(policy: ResolvedPolicy): BackEnd {
  const { isolation, limits, readOnlyPaths, bubblewrap, allowHosts } = policy
  if (isolation !== 'none') requirePaths(readOnlyPaths)
  const searched = bubblewrap ?? process.env['PATH']
  const key = JSON.stringify([isolation, limits, readOnlyPaths, searched, allowHosts.length > 0])
  let found = known.get(key)
  if (found === undefined) {
    found = decide(policy)
    known.set(key, found)
  }
  // A new object for each caller, with a stack that leads to it.
  if (found instanceof PortError)
    throw new PortError({ code: found.code, message: found.message, meta: found.meta, cause: found.cause })
  return found
}

/** A path that is not there is a mistake, and no weakness of the host that `best-effort` goes on without. */
function requirePaths(paths: readonly string[]): void {
  const absent = paths.find((path) => !existsSync(path))
  if (absent === undefined) return
  throw unavailable(
    'read_only_path_missing',
    `The path ${absent} of readOnlyPaths does not exist. Name one that does, or leave it out.`,
  )
}

const controls: readonly IsolationControl[] = [
  'files.read',
  'files.write',
  'network',
  'environment',
  'processes',
  'privileges',
  'pids',
  'memory',
]

function decide(policy: ResolvedPolicy): BackEnd | PortError {
  if (policy.isolation === 'none') {
    return hostBackEnd(policy, [
      'isolation is `none`: a command can do what this process can do.',
      ...hostNotes,
    ])
  }
  const tried = tryBubblewrap(policy)
  if (tried instanceof PortError) {
    if (policy.isolation === 'strict') return tried
    return hostBackEnd(policy, [`Nothing is isolated: ${tried.message}`, ...hostNotes])
  }
  const { program, system, findings } = tried
  const missing = requiredControls(policy).filter((control) =>
    findings.escaped.some((one) => one.control === control),
  )
  if (policy.isolation === 'strict' && missing.length > 0) {
    const which = findings.escaped.filter(({ control }) => missing.includes(control)).map(({ name }) => name)
    return unavailable(
      'probe_failed',
      `Commands are not kept from: ${which.join(', ')}. Use a host whose kernel enforces it, leave out the limit that it cannot enforce, or choose isolation \`best-effort\`, which goes on and reports it.`,
      { probes: which },
    )
  }
  return {
    program,
    report: {
      isolation: policy.isolation,
      system,
      controls: controlsOf((control) => !findings.escaped.some((one) => one.control === control)),
      notes: [...findings.escaped.map(({ note }) => note), ...findings.notes],
    },
  }
}

/** What `strict` demands. A limit that nobody asked for is reported and not demanded. */
function requiredControls({ limits }: ResolvedPolicy): readonly IsolationControl[] {
  return controls.filter(
    (control) =>
      !(control === 'pids' && limits.pids === undefined) &&
      !(control === 'memory' && limits.memoryBytes === undefined),
  )
}

interface Tried {
  readonly program: string
  readonly system: string
  readonly findings: ProbeFindings
}

function tryBubblewrap(policy: ResolvedPolicy): Tried | PortError {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    return unavailable(
      'platform',
      `Commands are isolated on Linux for x64 and arm64 only, and this is ${process.platform} on ${process.arch}. Run there, for example in a container, or choose isolation \`none\`.`,
    )
  }
  const program = findProgram(policy.bubblewrap)
  if (program === undefined) {
    return unavailable(
      'no_bubblewrap',
      'bubblewrap (`bwrap`) was not found. Install the package `bubblewrap` of the system, or name the program as `bubblewrap`.',
    )
  }
  const printed =
    spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000, env: {} }).stdout ?? ''
  const version = /(\d+)\.(\d+)\.(\d+)/.exec(printed)
  if (version === null || isOlder(version.slice(1).map(Number))) {
    return unavailable(
      'old_bubblewrap',
      `bubblewrap is ${version?.[0] ?? 'of an unknown version'}, and ${leastVersion.join('.')} or later is needed. Install a newer one, or name it as \`bubblewrap\`.`,
    )
  }
  const system = `bubblewrap ${version[0]} on ${process.platform} ${process.arch}`
  const findings = runProbe(policy, program)
  if (findings.failure === undefined) return { program, system, findings }
  // What bubblewrap says when the kernel, a container or a security module refuses the namespace or its map of users.
  if (
    /namespace|uid map|gid map|setgroups|Operation not permitted|Permission denied/i.test(findings.failure)
  ) {
    return unavailable(
      'no_user_namespaces',
      'The kernel or the container refuses user namespaces, which bubblewrap needs. Allow them (sysctl `user.max_user_namespaces`, `kernel.unprivileged_userns_clone`, `kernel.apparmor_restrict_unprivileged_userns`; a container needs a seccomp and AppArmor profile that let them through), or choose isolation `none`.',
      { cause: findings.failure },
    )
  }
  return unavailable(
    'probe_failed',
    'The commands that try the isolation could not be run. The kernel may miss a namespace, or /usr a library that Node needs.',
    { probes: ['start'], cause: findings.failure },
  )
}

function findProgram(named: string | undefined): string | undefined {
  const paths =
    named === undefined ? (process.env['PATH'] ?? '').split(':').map((folder) => `${folder}/bwrap`) : [named]
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return path.startsWith('/') && statSync(path).isFile()
    } catch {
      return false
    }
  })
}

function isOlder(version: readonly number[]): boolean {
  const at = leastVersion.findIndex((least, index) => version[index] !== least)
  return at !== -1 && (version[at] ?? 0) < (leastVersion[at] ?? 0)
}

const hostNotes = [
  'Processes of a command are found by parent, session and environment when it ends; one that gets rid of all three lives on, and all live on when this process is killed.',
]

function hostBackEnd({ isolation }: ResolvedPolicy, notes: readonly string[]): BackEnd {
  const report = {
    isolation,
    system: `child processes on ${process.platform} ${process.arch}`,
    controls: controlsOf(() => false),
    notes,
  }
  return { report }
}

const controlsOf = (enforced: (control: IsolationControl) => boolean): IsolationReport['controls'] =>
  Object.fromEntries(controls.map((control) => [control, enforced(control)])) as IsolationReport['controls']

interface UnavailableFacts {
  readonly probes?: readonly string[]
  /** What bubblewrap wrote; it may name paths of the host. */
  readonly cause?: string
}

function unavailable(reason: string, message: string, { probes, cause }: UnavailableFacts = {}): PortError {
  return new PortError({
    code: 'sandbox/unavailable',
    message: `Sandbox: ${message}`,
    meta: { reason, ...(probes === undefined ? {} : { probes }) },
    cause: cause === undefined ? undefined : new Error(cause),
  })
}
