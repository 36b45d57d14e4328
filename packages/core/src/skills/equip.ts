import type { Agent } from '../define/agent.ts'
import { readSkillTool } from './read-skill.ts'
import { skillListing } from './skill-listing.ts'

/** An agent with its skills in the prompt and the tool that reads them; one without skills as it is. */
export function equipWithSkills(agent: Agent): Agent {
  const { skills, tools } = agent
  if (skills.length === 0) return agent
  const listing = skillListing(skills)
  const reader = readSkillTool(
    skills,
    tools.map(({ name }) => name),
  )
  return Object.freeze({
    ...agent,
    tools: Object.freeze([...tools, reader]),
    instructionsFor: (input: unknown) => `${agent.instructionsFor(input)}\n\n${listing}`,
  })
}
