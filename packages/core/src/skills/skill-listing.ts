import { readSkillName } from '../define/skills.ts'
import type { Skill } from '../ports/index.ts'

/** What the prompt says of an agent's skills: their names and descriptions, one line each. */
export function skillListing(skills: readonly Skill[]): string {
  // On one line, so that a description cannot look like another entry of the list.
  const lines = skills.map(
    ({ name, description }) => `- ${name}: ${description.trim().replaceAll(/\s+/g, ' ')}`,
  )
  return [
    `Skills are instructions for certain work. When a task fits one of these, read it with ${readSkillName} before you begin.`,
    '',
    ...lines,
  ].join('\n')
}
