import type { Skill } from '../ports/index.ts'
import { invalidDefinition } from './check.ts'

/** The tool that an agent with skills has. */
export const readSkillName = 'read_skill'

/** Requires skills with names of their own, and the name of their tool to be free. */
export function checkSkills(
  what: string,
  skills: readonly Skill[],
  tools: readonly { readonly name: string }[],
): readonly Skill[] {
  if (!Array.isArray(skills)) invalidDefinition(`${what}: skills must be an array.`)
  const names = new Set<string>()
  for (const skill of skills as readonly Skill[]) {
    if (skill?.kind !== 'skill')
      invalidDefinition(`${what}: skills must be values made by defineSkill or loadSkills.`)
    if (names.has(skill.name)) invalidDefinition(`${what}: two skills have the name "${skill.name}".`)
    names.add(skill.name)
  }
  if (skills.length > 0 && tools.some(({ name }) => name === readSkillName))
    invalidDefinition(`${what}: a tool is called "${readSkillName}", which is the tool of its skills.`)
  return Object.freeze([...skills])
}
