import { resolve } from 'node:path'
import type { WorkspaceQuota } from '@belay/core/ports'
import type { CommandPolicy } from './exec/commands.ts'

/** What `localSandbox` takes. What concerns commands is only taken with `exec`. */
export interface LocalSandboxOptions extends CommandPolicy {
  /** A directory of the host for everything that is kept. It must exist; any number of processes may share it. */
  readonly root: string
  /** Whether there are commands. Default false. */
  readonly exec?: boolean
  /** What `/workspace` may hold. Default: no limit. */
  readonly quota?: WorkspaceQuota
}

/** What `localWorkspace` takes. */
export interface LocalWorkspaceOptions extends LocalSandboxOptions {
  /** A directory of the host whose content a new workspace begins with. Default: none, it is empty. */
  readonly from?: string
  /** Milliseconds that a snapshot is kept although a run may need it. Default: no limit. */
  readonly retentionMs?: number
}

/** The options of a sandbox, checked. */
export interface SandboxSettings {
  /** Absolute. */
  readonly root: string
  /** Absent: no commands. */
  readonly commands: CommandPolicy | undefined
  readonly quota: WorkspaceQuota
}

/** Each key of the policy; a key that is missing here does not compile. */
const policyKeys: Readonly<Record<keyof CommandPolicy, true>> = {
  isolation: true,
  allowCommands: true,
  maxOutputBytes: true,
  network: true,
  limits: true,
  readOnlyPaths: true,
  env: true,
  bubblewrap: true,
}
const sandboxKeys: readonly string[] = ['root', 'exec', 'quota', ...Object.keys(policyKeys)]
const workspaceKeys: readonly string[] = [...sandboxKeys, 'from', 'retentionMs']
const quotaKeys: readonly string[] = ['bytes', 'files', 'fileBytes']

/** Throws a `TypeError` that names what is wrong; touches nothing. What the values of a policy may be is checked where it is used. */
export function sandboxSettingsOf(options: LocalSandboxOptions): SandboxSettings {
  requireKnown('localSandbox', options, sandboxKeys)
  return settingsOf(options)
}

/** The same for `localWorkspace`. */
export function workspaceSettingsOf(options: LocalWorkspaceOptions): SandboxSettings {
  requireKnown('localWorkspace', options, workspaceKeys)
  return settingsOf(options)
}

function settingsOf({ root, exec = false, quota = {}, ...rest }: LocalWorkspaceOptions): SandboxSettings {
  if (typeof root !== 'string' || root === '')
    throw new TypeError('The option root has to be the path of a directory.')
  if (root.includes('\0')) throw new TypeError('The option root must not hold a NUL character.')
  if (typeof exec !== 'boolean') throw new TypeError('The option exec has to be true or false.')
  const policy: Record<string, unknown> = {}
  for (const key of Object.keys(policyKeys)) {
    const value: unknown = (rest as Readonly<Record<string, unknown>>)[key]
    if (value === undefined) continue
    if (!exec)
      throw new TypeError(`The option ${key} is about commands, and there are none without exec: true.`)
    policy[key] = value
  }
  requireQuota(quota)
  return { root: resolve(root), commands: exec ? withQuota(policy, quota) : undefined, quota }
}

/** What `/workspace` may hold is a limit of commands too, unless they have one of their own. */
function withQuota(policy: CommandPolicy, { bytes, fileBytes }: WorkspaceQuota): CommandPolicy {
  const limits = {
    ...(bytes === undefined ? {} : { diskBytes: bytes }),
    ...(fileBytes === undefined ? {} : { fileBytes }),
    ...policy.limits,
  }
  return { ...policy, limits }
}

function requireQuota(quota: WorkspaceQuota): void {
  requireKnown('quota', quota, quotaKeys)
  for (const [key, value] of Object.entries(quota) as [string, unknown][])
    if (value !== undefined && !(Number.isSafeInteger(value) && (value as number) >= 0))
      throw new TypeError(`The option quota.${key} has to be a whole number, 0 or more.`)
}

/** A misspelt option would be a limit that does not hold. */
function requireKnown(what: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${what} takes an object of options.`)
  const unknown = Object.keys(options).filter((key) => !known.includes(key))
  if (unknown.length > 0)
    throw new TypeError(`${what} has no option ${unknown.join(', ')}. Known are: ${known.join(', ')}.`)
}
