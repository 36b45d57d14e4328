import { isCodedError, PortError, workspaceErrorCodes } from '@belay/core/ports'
import type { ErrorMeta } from '@belay/core/ports'

export type WorkspaceErrorCode = (typeof workspaceErrorCodes)[keyof typeof workspaceErrorCodes]

/** An error of this port. */
export function fault(
  code: keyof typeof workspaceErrorCodes,
  message: string,
  meta: ErrorMeta = {},
): PortError<WorkspaceErrorCode> {
  return new PortError({ code: workspaceErrorCodes[code], message, meta })
}

/** The `code` of a failed system call. */
export function errnoOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && !isCodedError(error) ? code : undefined
}

/** Whether a system call failed in one of these ways. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  const code = errnoOf(error)
  return code !== undefined && codes.includes(code)
}

/** What leaves a call: its own errors and the caller's as they are, failed system calls as `workspace/io`. */
export function portErrorOf(error: unknown, call: string): unknown {
  const code = errnoOf(error)
  if (code === undefined || !(error instanceof Error) || !('syscall' in error)) return error
  const what =
    code === 'ENOSPC' || code === 'EDQUOT' ? 'no space is left' : `${String(error.syscall)}: ${code}`
  return new PortError({
    code: workspaceErrorCodes.io,
    message: `The workspace's ${call} failed on the host (${what}). Look at the file system of the root.`,
    meta: { call, errno: code },
    cause: error,
  })
}

/** A path may be as long as a tree is deep; this much of it says where to look. */
const longestNamed = 1_000

/** How a path of a tree is named to people: as commands see it. */
export function insidePath(path: string): string {
  const inside = `/workspace/${path}`
  return inside.length <= longestNamed ? inside : `${inside.slice(0, longestNamed)}…`
}
