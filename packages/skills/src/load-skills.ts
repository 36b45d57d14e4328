import { basename, resolve } from 'node:path'
import { defineSkill, isCodedError, type Skill } from '@belay/core/ports'
import { invalidFault } from './faults.ts'
import { FolderHandle, whileOpen } from './folder-handle.ts'
import { readSkillText, type Field } from './front-matter.ts'
import { resolveLimits, type Limits, type LoadOptions } from './limits.ts'
import { readTree } from './read-tree.ts'
import { readSkillFields } from './skill-fields.ts'

const skillFile = 'SKILL.md'

/**
 * Reads one skill from its folder into a snapshot. What happens in the folder afterwards does not change it.
 * Throws `skill/invalid`, `skill/path` or `skill/limit`.
 */
export async function loadSkill(folder: string, options: LoadOptions = {}): Promise<Skill> {
  const limits = resolveLimits(options)
  const name = basename(resolve(folder))
  return whileOpen(await FolderHandle.open(folder), (handle) => readSkill(handle, name, limits))
}

/**
 * Reads every skill of a folder: each folder in it is one. Files beside them, and names that begin with a dot, are
 * left out. In the order of their names.
 */
export async function loadSkills(folder: string, options: LoadOptions = {}): Promise<readonly Skill[]> {
  const limits = resolveLimits(options)
  return whileOpen(await FolderHandle.open(folder), async (handle) => {
    const skills: Skill[] = []
    for (const { name, isFolder } of await handle.entries()) {
      if (!isFolder || name.startsWith('.')) continue
      skills.push(await whileOpen(await handle.folder(name), (inner) => readSkill(inner, name, limits)))
    }
    return Object.freeze(skills)
  })
}

async function readSkill(folder: FolderHandle, name: string, limits: Limits): Promise<Skill> {
  const files = await readTree(folder, limits)
  const path = folder.show(skillFile)
  const source = files.get(skillFile)
  if (source === undefined) throw invalidFault(path, 'a skill needs this file.', { reason: 'no_skill_file' })
  const { fields, instructions } = readSkillText(path, source)
  const init = readSkillFields(path, fields)
  const skill = withLine(path, fields, () =>
    defineSkill({ ...init, instructions, files: Object.fromEntries(files) }),
  )
  if (skill.name === name) return skill
  throw invalidFault(path, `the name "${skill.name}" has to be that of the folder, "${name}".`, {
    field: 'name',
    reason: 'name_mismatch',
    ...lineOf(fields, 'name'),
  })
}

/** The rules of fields are core's; where the field stands is known here. */
function withLine(path: string, fields: ReadonlyMap<string, Field>, define: () => Skill): Skill {
  try {
    return define()
  } catch (error) {
    if (!isCodedError(error, 'skill/invalid')) throw error
    const { field } = error.meta
    if (typeof field !== 'string') throw error
    throw invalidFault(path, error.message, { field, reason: 'field', ...lineOf(fields, field) })
  }
}

function lineOf(fields: ReadonlyMap<string, Field>, field: string): { readonly line?: number } {
  const line = fields.get(field)?.line
  return line === undefined ? {} : { line }
}
