import { PortError, sandboxErrorCodes } from './errors.ts'
import type { MountedFile } from './sandbox.ts'
import { sandboxLimits } from './sandbox-bounds.ts'
import { sandboxPathError, type PathFault } from './sandbox-path-error.ts'

/** A path of the inside that has the right form. Whether there is something at it is not known. */
export interface SandboxPath {
  readonly path: string
  /** `workspace`: below `/workspace`, or itself. `skill`: below a `/skills/<name>`, or itself. */
  readonly place: 'workspace' | 'skill'
  /** The name of the mount; absent in the workspace. */
  readonly skill?: string
  /** Names below the place, outermost first; none: the place itself. */
  readonly parts: readonly string[]
}

/**
 * Takes a path of a caller apart, and refuses every form that the port does not know: two spellings of one place would
 * be two answers to the question whether it may be reached.
 */
export function checkSandboxPath(path: string): SandboxPath {
  const fault = formFault(path)
  if (fault !== undefined) throw sandboxPathError(path, fault)
  const [root, ...below] = path.slice(1).split('/')
  if (root === 'workspace') return { path, place: 'workspace', parts: below }
  const [skill, ...parts] = below
  if (root !== 'skills' || skill === undefined) throw sandboxPathError(path, 'outside')
  return { path, place: 'skill', skill, parts }
}

/** What `mount` was given, checked whole: the name of the skill, and the files with the parts of their paths. */
export function checkMount(
  path: string,
  files: readonly MountedFile[],
): {
  readonly skill: string
  readonly files: readonly (MountedFile & { readonly parts: readonly string[] })[]
} {
  const { place, skill, parts } = checkSandboxPath(path)
  if (place !== 'skill' || skill === undefined || parts.length > 0) throw sandboxPathError(path, 'outside')
  if (files.length > sandboxLimits.mountedFiles) throw mountError('files', sandboxLimits.mountedFiles)
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  if (size > sandboxLimits.mountedBytes) throw mountError('bytes', sandboxLimits.mountedBytes)
  const taken = files.map((file) => ({ ...file, parts: mountedParts(path, file.path) }))
  const names = new Set(taken.map((file) => file.path))
  if (names.size < taken.length)
    throw sandboxPathError(path, 'name', 'Two of the files to mount have one path.')
  for (const file of taken) {
    for (let end = 1; end < file.parts.length; end += 1) {
      if (!names.has(file.parts.slice(0, end).join('/'))) continue
      throw sandboxPathError(
        file.path,
        'name',
        'Another file to mount stands where this one needs a directory.',
      )
    }
  }
  return { skill, files: taken }
}

function mountedParts(mount: string, path: string): readonly string[] {
  if (typeof path !== 'string') throw new TypeError('The path of a mounted file has to be a string.')
  if (path.startsWith('/')) throw sandboxPathError(path, 'outside', 'Paths of mounted files are relative.')
  const fault = formFault(`${mount}/${path}`)
  if (fault !== undefined) throw sandboxPathError(path, fault)
  return path.split('/')
}

function formFault(path: string): PathFault | undefined {
  if (typeof path !== 'string') throw new TypeError('A path of a sandbox has to be a string.')
  if (!path.startsWith('/')) return 'relative'
  if (path.includes('\0') || !path.isWellFormed() || Buffer.byteLength(path) > 4_096) return 'name'
  if (path === '/') return 'outside'
  const parts = path.slice(1).split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'not_normal'
  return parts.some((part) => Buffer.byteLength(part) > 255) ? 'name' : undefined
}

function mountError(reason: 'files' | 'bytes', limit: number): PortError<'sandbox/limit'> {
  return new PortError({
    code: sandboxErrorCodes.limit,
    message: `More than ${limit} ${reason} are to be mounted. Mount less.`,
    meta: { reason, limit },
  })
}
