import type { Place } from '../tree.ts'
import { candidatesOf } from './command-call.ts'
import type { CommandCall } from './command-call.ts'
import type { Kit } from './kit.ts'
import type { ResolvedPolicy } from './policy.ts'
import { hiddenMounts, systemMounts } from './system-paths.ts'

/** What the inside is called, whoever runs the host. */
const insideId = '1000'
const shmBytes = '67108864'

/** Where a command of the inside finds its own. */
export const insideSurroundings = { home: '/tmp/home', tmp: '/tmp' } as const

/**
 * Arguments of bubblewrap that are the same for all commands of a sandbox. Order is meaning here: later mounts lie over
 * earlier ones, and the program that starts commands comes last, so that a list which is cut starts nothing. No mount lies
 * below `/workspace`, because what the inside can turn into a link would lead the mount out.
 */
export function isolationArguments(place: Place, policy: ResolvedPolicy, kit: Kit): readonly string[] {
  return [
    ...['--unshare-user', '--uid', insideId, '--gid', insideId, '--disable-userns'],
    ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup'],
    ...[
      '--hostname',
      'sandbox',
      '--die-with-parent',
      '--new-session',
      '--as-pid-1',
      '--cap-drop',
      'ALL',
      '--clearenv',
    ],
    ...systemMounts(),
    ...kit.configuration.flatMap(({ from, to }) => ['--ro-bind', from, to]),
    ...['--proc', '/proc', ...hiddenMounts()],
    ...[
      '--dev',
      '/dev',
      '--size',
      shmBytes,
      '--perms',
      '1777',
      '--tmpfs',
      '/dev/shm',
      '--remount-ro',
      '/dev',
    ],
    ...[
      '--size',
      String(policy.limits.tmpBytes),
      '--perms',
      '1777',
      '--tmpfs',
      '/tmp',
      '--dir',
      insideSurroundings.home,
    ],
    // After /tmp, which is new for each command, so that what lies below it is seen.
    ...policy.readOnlyPaths.flatMap((path) => ['--ro-bind', path, path]),
    ...['--ro-bind', place.skills, '/skills', '--bind', place.workspace, '/workspace'],
  ]
}

/**
 * The end of the list: what one command has beside, its variables, and what starts it. Read from a descriptor, so that no list
 * of processes shows them.
 */
export function closingArguments(
  env: CommandCall['env'],
  mounts: readonly string[],
  kit: Kit,
): readonly string[] {
  return [
    ...mounts,
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--ro-bind', kit.init, initInside, '--remount-ro', '/'],
  ]
}

/** Where `init-program.ts` stands inside. */
export const initInside = '/run/belay/init'

/** How `init-program.ts` is told about a command. */
export function initArguments(
  { command, args, cwd, env }: CommandCall,
  keepsControl = true,
): readonly string[] {
  const candidates = candidatesOf(command, env)
  const how = `${String.fromCharCode(48 + candidates.length)}${keepsControl ? '1' : '0'}`
  return [initInside, how, cwd, ...candidates, command, ...args]
}
