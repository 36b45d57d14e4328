import { PortError, sandboxErrorCodes } from './errors.ts'

/** `meta.reason` of `sandbox/path`. */
export type PathFault =
  | 'relative'
  | 'not_normal'
  | 'name'
  | 'outside'
  | 'read_only'
  | 'link'
  | 'special'
  | 'not_a_file'
  | 'not_a_directory'

const advice: Readonly<Record<PathFault, string>> = {
  relative: 'Begin it with /workspace or /skills/<name>.',
  not_normal: 'Write it without ".", "..", empty parts and a slash at the end.',
  name: 'Use at most 4,096 bytes, parts of 1 to 255 bytes, well-formed text and no NUL.',
  outside: 'Only /workspace and /skills/<name> can be named.',
  read_only: 'Only /workspace can be written.',
  link: 'A symbolic link is part of it, and links are not followed. Name the place itself.',
  special: 'It is a socket, a pipe or a device. Only files and directories can be used.',
  not_a_file: 'It is a directory. Name a file.',
  not_a_directory: 'It is a file, or goes through one. Name a directory.',
}

/** A path that is refused, with at most 200 characters of it. */
export function sandboxPathError(
  path: string,
  reason: PathFault,
  why = advice[reason],
): PortError<'sandbox/path'> {
  const shown = JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path)
  const message = `The path ${shown} is refused (${reason}). ${why}`
  return new PortError({ code: sandboxErrorCodes.path, message, meta: { reason } })
}
