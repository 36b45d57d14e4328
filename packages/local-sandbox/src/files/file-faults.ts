import { PortError } from '@belay/core/ports'

/** Why a path of the right form is refused. */
export type PathReason = 'read_only' | 'link' | 'special' | 'not_a_file' | 'not_a_directory' | 'name'

const sentences: Readonly<Record<PathReason, string>> = {
  read_only: 'Only /workspace can be changed.',
  link: 'A part of it is a symbolic link, and links are not followed. Name the file itself.',
  special: 'It is neither a file nor a directory.',
  not_a_file: 'It is a directory.',
  not_a_directory: 'A part of it that has to be a directory is none.',
  name: 'A part of it is too long for the disk.',
}

/** A path that leads to something else than the call is for. */
export function pathFault(path: string, reason: PathReason): PortError<'sandbox/path'> {
  return new PortError({
    code: 'sandbox/path',
    message: `The path ${shown(path)} is refused (${reason}). ${sentences[reason]}`,
    meta: { reason },
  })
}

/** Nothing was changed. */
export function limitFault(
  reason: 'bytes' | 'files' | 'file_bytes',
  limit: number,
): PortError<'sandbox/limit'> {
  const what = { bytes: 'bytes in all', files: 'files', file_bytes: 'bytes in one file' }[reason]
  return new PortError({
    code: 'sandbox/limit',
    message: `The workspace may have ${limit} ${what}, and would have more. Remove files, or raise the quota.`,
    meta: { reason, limit },
  })
}

export function closedFault(): PortError<'sandbox/closed'> {
  return new PortError({ code: 'sandbox/closed', message: 'The sandbox is closed. Open another one.' })
}

/** What the host's file system refuses for a reason that is not the path's. */
export function ioFault(path: string, cause: unknown): PortError {
  const errno = errnoOf(cause)
  if (errno === 'ENAMETOOLONG') return pathFault(path, 'name')
  return new PortError({
    code: 'sandbox/io',
    message: `The file system of the host failed at ${shown(path)} (${errno ?? 'unknown'}). ${adviceFor(errno)}`,
    retryable: errno !== undefined && passing.has(errno),
    meta: errno === undefined ? {} : { reason: errno },
    cause,
  })
}

/** A tree that a process changes faster than a call can work on it. */
export function restlessFault(path: string): PortError<'sandbox/io'> {
  return new PortError({
    code: 'sandbox/io',
    message: `What is at ${shown(path)} changed each time it was touched. End the command that changes it, or try again.`,
    retryable: true,
    meta: { reason: 'changing' },
  })
}

/** The code of a failed system call. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** What may be otherwise in a moment. */
const passing = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM'])

function adviceFor(errno: string | undefined): string {
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return 'Make room on the disk of the root.'
  if (errno === 'EACCES' || errno === 'EPERM') return 'Check who owns it and its mode.'
  if (errno === 'EMFILE' || errno === 'ENFILE') return 'Raise the limit of open files.'
  return 'Check the disk of the root.'
}

const shown = (path: string): string => JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path)
