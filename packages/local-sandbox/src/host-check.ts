import { existsSync, mkdirSync, mkdtempSync, opendirSync, realpathSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PortError } from '@belay/core/ports'
import { errnoOf } from './files/file-faults.ts'
import { ownerOfThisProcess } from './process-owner.ts'
import { rootFolders } from './tree.ts'

/** What of the host decides whether there can be a sandbox. */
export interface Host {
  readonly platform: string
  /** `/proc/self/fd`, without which no path can be walked safely. */
  readonly hasProc: boolean
}

/** The host of this process. */
export const thisHost = (): Host => ({ platform: process.platform, hasProc: existsSync('/proc/self/fd') })

/** Refuses a host where files of a sandbox could not be kept apart from those of the host. */
export function requireHost({ platform, hasProc }: Host): void {
  if (platform !== 'linux') {
    throw unavailable(
      'system',
      `A local sandbox needs Linux, and this is ${platform}. Run it in a Linux container.`,
    )
  }
  if (!hasProc) {
    throw unavailable('proc', 'A local sandbox needs /proc/self/fd, and there is none. Mount /proc.')
  }
}

/** The root without links in it, tried for writing. Makes the folders that are always there. */
export function requireRoot(root: string): string {
  let real: string
  try {
    real = realpathSync(root)
  } catch (cause) {
    if (errnoOf(cause) === 'EACCES') throw notWritable(root, cause)
    throw unavailable(
      'root_missing',
      `The root ${root} of the sandbox does not exist. Make the directory.`,
      cause,
    )
  }
  if (!statSync(real).isDirectory()) {
    throw unavailable('root_not_a_directory', `The root ${root} of the sandbox is not a directory.`)
  }
  try {
    const all = join(real, rootFolders.sandboxes)
    mkdirSync(all, { recursive: true, mode: 0o700 })
    rmdirSync(mkdtempSync(join(all, `${ownerOfThisProcess()}.try-`)))
  } catch (cause) {
    throw notWritable(root, cause)
  }
  return real
}

/** The folder that workspaces begin with, without links in it, tried for reading. */
export function requireFrom(from: string): string {
  if (typeof from !== 'string' || from === '' || from.includes('\0'))
    throw new TypeError('The option from has to be the path of a directory.')
  let real: string
  try {
    real = realpathSync(from)
  } catch (cause) {
    throw unfitFrom(from, errnoOf(cause) === 'EACCES' ? 'from_not_readable' : 'from_missing', cause)
  }
  if (!statSync(real).isDirectory()) throw unfitFrom(from, 'from_not_a_directory')
  try {
    opendirSync(real).closeSync()
  } catch (cause) {
    throw unfitFrom(from, 'from_not_readable', cause)
  }
  return real
}

const fromFaults = {
  from_missing: 'does not exist. Name one that does.',
  from_not_a_directory: 'is not a directory. Name one.',
  from_not_readable: 'cannot be read. Give this process the right to it, or name another one.',
} as const

function unfitFrom(from: string, reason: keyof typeof fromFaults, cause?: unknown): Error {
  return unavailable(
    reason,
    `The folder ${from} that workspaces begin with (from) ${fromFaults[reason]}`,
    cause,
  )
}

function notWritable(root: string, cause: unknown): PortError<'sandbox/unavailable'> {
  return errnoOf(cause) === 'EROFS'
    ? unavailable(
        'root_read_only',
        `The root ${root} of the sandbox is on a read-only disk. Name another one.`,
        cause,
      )
    : unavailable(
        'root_not_writable',
        `The root ${root} of the sandbox cannot be written. Give this process the right to it, or name another one.`,
        cause,
      )
}

function unavailable(reason: string, message: string, cause?: unknown): PortError<'sandbox/unavailable'> {
  return new PortError({ code: 'sandbox/unavailable', message, meta: { reason }, cause })
}
