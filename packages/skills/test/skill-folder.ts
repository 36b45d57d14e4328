import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isCodedError, type PortError } from '@belay/core/ports'

/** A temporary folder with files by their relative paths. */
export interface SkillFolder {
  readonly path: string
  write(path: string, content: string | Uint8Array): void
  remove(): void
}

export function skillFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): SkillFolder {
  const path = mkdtempSync(join(tmpdir(), 'belay-skills-'))
  const write = (name: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  for (const [name, content] of Object.entries(files)) write(name, content)
  return { path, write, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A `SKILL.md` with these lines of front matter. */
export const skillMd = (lines: readonly string[], body = 'Do it.'): string =>
  `---\n${lines.join('\n')}\n---\n\n${body}\n`

/** A small one that is right. */
export const goodSkill = (name: string): string => skillMd([`name: ${name}`, 'description: Does it.'])

/** The coded error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<PortError<string>> {
  try {
    await promise
  } catch (error) {
    if (isCodedError<string>(error)) return error
    throw error
  }
  throw new Error('Nothing was thrown.')
}
