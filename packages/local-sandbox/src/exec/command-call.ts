import { PortError } from '@belay/core/ports'
import type { CommandOptions } from '@belay/core/ports'
import type { ResolvedPolicy } from './policy.ts'

/** A command that may be started, with everything that it gets. */
export interface CommandCall {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string>>
}

/** Same on every host, so that nothing of this process's environment decides what runs. */
const systemPath = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'

/** Defaults that a back end gives; all else comes from the policy and the call. */
export interface Surroundings {
  readonly home: string
  readonly tmp: string
}

/** Refuses what cannot be passed on as it is. Throws `TypeError`, and `sandbox/command` for what the policy does not allow. */
export function checkCall(
  command: string,
  options: CommandOptions,
  policy: ResolvedPolicy,
): Omit<CommandCall, 'env'> {
  checkText('command', command)
  if (command === '') throw new TypeError('Sandbox: `command` must not be empty.')
  const args = options.args ?? []
  if (!Array.isArray(args)) throw new TypeError('Sandbox: `args` must be an array of strings.')
  for (const arg of args) checkText('args', arg)
  const cwd = options.cwd ?? '/workspace'
  checkText('cwd', cwd)
  if (policy.allowCommands !== undefined && !policy.allowCommands.includes(command)) {
    throw new PortError({
      code: 'sandbox/command',
      message: 'This command is not among `allowCommands` of the sandbox. Use an allowed one, or allow it.',
      meta: { reason: 'not_allowed' },
    })
  }
  if (!/^(\/|(\/[^/]+)+)$/.test(cwd) || /\/\.\.?(\/|$)/.test(cwd)) throw cwdError()
  return { command, args, cwd }
}

/** The environment of a command: defaults, then the policy's, then its own. */
export function environmentOf(
  options: CommandOptions,
  policy: ResolvedPolicy,
  { home, tmp }: Surroundings,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = Object.assign(
    Object.create(null) as Record<string, string>,
    { PATH: systemPath, HOME: home, TMPDIR: tmp, LANG: 'C.UTF-8' },
    policy.env,
    options.env,
  )
  for (const [name, value] of Object.entries(env)) {
    checkText('env', name)
    checkText('env', value)
    if (name === '' || name.includes('='))
      throw new TypeError('Sandbox: a name in `env` must not be empty or hold `=`.')
  }
  return env
}

/** The places where a program is looked for, in order. A name with a slash is one place and relative to the directory. */
export function candidatesOf(command: string, env: Readonly<Record<string, string>>): readonly string[] {
  if (command.includes('/')) return [command]
  const folders = (env['PATH'] ?? systemPath).split(':').filter((folder) => folder.startsWith('/'))
  return folders.slice(0, 64).map((folder) => `${folder.replace(/\/+$/, '')}/${command}`)
}

/** The directory that a command was to begin in is none. */
export function cwdError(): PortError {
  return new PortError({
    code: 'sandbox/command',
    message:
      'The directory that the command was to begin in (`cwd`) is not there. Give an absolute path of one inside.',
    meta: { reason: 'cwd' },
  })
}

/** There is no such program, or it cannot be executed. */
export function notFoundError(errno: string): PortError {
  return new PortError({
    code: 'sandbox/command',
    message: `There is no program of this name that can be executed inside (${errno}). Give a name on PATH or an absolute path.`,
    meta: { reason: 'not_found' },
  })
}

/** The kernel ends a text at its first NUL, so one would change what is meant. */
function checkText(name: string, text: unknown): void {
  if (typeof text !== 'string' || text.includes('\0')) {
    throw new TypeError(`Sandbox: \`${name}\` must be text without NUL.`)
  }
}
