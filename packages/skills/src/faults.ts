import { PortError, type ErrorMeta, type Json } from '@belay/core/ports'

/** Something in the tree of a skill that is not read. */
export function pathFault(path: string, reason: PathReason, cause?: unknown): PortError {
  return new PortError({
    code: 'skill/path',
    message: `${path}: ${sentences[reason]}`,
    meta: { path, reason },
    ...(cause !== undefined && { cause }),
  })
}

const sentences = {
  link: 'a symbolic link; put the file itself there.',
  special: 'neither a file nor a folder; take it away.',
  missing: 'there is no such file or folder.',
  unreadable: 'it cannot be read; check its rights.',
  changed: 'it changed while it was read; load the skill when nothing writes it.',
  name: 'its name cannot be used in a skill; use no backslash and no control character.',
  depth: 'it lies too deep; use fewer folders.',
} as const

/** Why something is not read. */
export type PathReason = keyof typeof sentences

/** A skill that holds too much. */
export function limitFault(path: string, limit: string, value: number): PortError {
  return new PortError({
    code: 'skill/limit',
    message: `${path}: over ${limit} (${value}). Take files out, or raise the limit where the skill is loaded.`,
    meta: { path, limit, value },
  })
}

/** A `SKILL.md` that is not one, with the line where it shows. */
export function invalidFault(
  path: string,
  what: string,
  meta: Readonly<Record<string, Json>> = {},
): PortError {
  const line = meta['line']
  const facts: ErrorMeta = { path, reason: 'front_matter', ...meta }
  return new PortError({
    code: 'skill/invalid',
    message: `${path}${typeof line === 'number' ? `:${line}` : ''}: ${what}`,
    meta: facts,
  })
}
