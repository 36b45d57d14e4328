import { hash } from 'node:crypto'
import { PortError, skillErrorCodes } from './errors.ts'

/**
 * A skill: instructions and files that a model reads when it needs them. It is a snapshot in memory: nothing that
 * happens on a disk afterwards changes it, and the same content has the same hash everywhere.
 *
 * Not promised: that the files are what somebody meant to write. A skill's text reaches the model like any other
 * instruction, so take skills from where you would take code.
 */
export interface Skill {
  readonly kind: 'skill'
  readonly name: string
  /** What it is for and when to use it; listed in the prompt. */
  readonly description: string
  readonly license: string | undefined
  readonly compatibility: string | undefined
  readonly metadata: Readonly<Record<string, string>>
  /** Names of the tools that the instructions speak of. They grant nothing. */
  readonly allowedTools: readonly string[] | undefined
  /** What `SKILL.md` says below its front matter. */
  readonly instructions: string
  /** By path, sorted; with `SKILL.md`. */
  readonly files: readonly SkillFile[]
  /** SHA-256 over everything above, in hex. */
  readonly hash: string
}

/** One file of a skill. */
export interface SkillFile {
  /** Relative, with `/` between its parts. */
  readonly path: string
  readonly bytes: number
  /** SHA-256 in hex. */
  readonly sha256: string
  /** Absent when the bytes are not UTF-8 text. */
  readonly text: string | undefined
  /** A copy of the bytes. */
  content(): Uint8Array
}

/** What `defineSkill` takes. */
export interface SkillInit {
  /** 1 to 64 of a-z 0-9 and single hyphens between them. */
  readonly name: string
  /** 1 to 1,024 characters. */
  readonly description: string
  readonly instructions: string
  readonly license?: string
  /** 1 to 500 characters. */
  readonly compatibility?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly allowedTools?: readonly string[]
  /** By relative path. `SKILL.md` is written from the fields above when it is not here. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
}

/** The file that every skill has. */
export const skillFileName = 'SKILL.md'

const nameForm = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const toolForm = /^[\w.:-]+(?:\([^()]*\))?$/

/** Makes a skill. Throws `skill/invalid`, with `meta.field`, when a field breaks its rule. */
export function defineSkill(init: SkillInit): Skill {
  checkSkill(init)
  const { name, description, instructions, license, compatibility, allowedTools } = init
  const given = new Map(Object.entries(init.files ?? {}))
  if (!given.has(skillFileName)) given.set(skillFileName, skillText(init))
  const files = [...given]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, content]) => skillFile(name, path, content))
  const metadata = Object.freeze({ ...init.metadata })
  const facts = [name, description, license, compatibility, metadata, allowedTools, instructions]
  const parts = [...facts, ...files.map(({ path, sha256 }) => [path, sha256])]
  return Object.freeze({
    kind: 'skill' as const,
    name,
    description,
    license,
    compatibility,
    metadata,
    allowedTools: allowedTools && Object.freeze([...allowedTools]),
    instructions,
    files: Object.freeze(files),
    hash: hash('sha256', JSON.stringify(parts), 'hex'),
  })
}

function checkSkill(init: SkillInit): void {
  const what = `Skill ${JSON.stringify(init.name ?? null)}`
  const demand = (field: string, holds: boolean, rule: string): void => {
    if (holds) return
    throw new PortError({
      code: skillErrorCodes.invalid,
      message: `${what}: ${field} is not valid: ${rule}.`,
      meta: { field, reason: 'field' },
    })
  }
  const isText = (value: unknown, max: number): boolean =>
    typeof value === 'string' && value.trim() !== '' && value.length <= max
  const { name, description, license, compatibility, metadata = {}, allowedTools = [] } = init
  demand(
    'name',
    isText(name, 64) && nameForm.test(name),
    'use 1 to 64 of a-z 0-9, with single hyphens between them',
  )
  demand('description', isText(description, 1_024), 'say in 1 to 1,024 characters what it is for and when')
  demand('instructions', typeof init.instructions === 'string', 'it has to be a text')
  demand('license', license === undefined || isText(license, 500), 'use 1 to 500 characters')
  demand(
    'compatibility',
    compatibility === undefined || isText(compatibility, 500),
    'use 1 to 500 characters',
  )
  demand(
    'metadata',
    Object.values(metadata).every((value) => typeof value === 'string'),
    'its values have to be texts',
  )
  demand(
    'allowed-tools',
    Array.isArray(allowedTools) && allowedTools.every((tool) => toolForm.test(tool)),
    'name tools, such as "read" or "bash(git:*)"',
  )
}

function skillFile(skill: string, path: string, given: string | Uint8Array): SkillFile {
  if (!isSkillPath(path)) {
    throw new PortError({
      code: skillErrorCodes.path,
      message: `Skill "${skill}": ${JSON.stringify(path)} is no relative path inside a skill.`,
      meta: { skill, reason: 'traversal' },
    })
  }
  const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : Uint8Array.from(given)
  return Object.freeze({
    path,
    bytes: bytes.length,
    sha256: hash('sha256', bytes, 'hex'),
    text: textOf(bytes),
    content: () => bytes.slice(),
  })
}

/** Whether a path names a place inside a skill and nothing else on any system. */
export function isSkillPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (path === '' || path.length > 1_024 || /[\u0000-\u001f\u007f\\]/.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

/** A file with a NUL is no text for a model, although it may be UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A quoted JSON text is YAML as well. */
function skillText({ name, description, instructions }: SkillInit): string {
  return `---\nname: ${name}\ndescription: ${JSON.stringify(description)}\n---\n\n${instructions}\n`
}
