import { z } from 'zod'
import { readSkillName } from '../define/skills.ts'
import { defineTool, type Tool } from '../define/tool.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { skillFileName, type Skill, type SkillFile } from '../ports/index.ts'

const input = z.strictObject({
  name: z.string().describe('Name of the skill.'),
  path: z.string().optional().describe('A file of the skill. Default: its instructions.'),
})

/**
 * Reads from the snapshots of an agent's skills, never from a disk. The hash of the skill is part of what a replay
 * compares: a run that has read one snapshot does not go on with another.
 */
export function readSkillTool(skills: readonly Skill[], toolNames: readonly string[]): Tool {
  const byName = new Map(skills.map((skill) => [skill.name, skill]))
  const tool = defineTool({
    name: readSkillName,
    description: 'Read the instructions of a skill, or one of its files.',
    input,
    effect: 'read',
    execute: ({ name, path = skillFileName }) => {
      const skill = byName.get(name)
      if (skill === undefined) throw unreadable(name, 'unknown_skill', `There is no skill "${name}".`)
      return path === skillFileName ? instructionsOf(skill, toolNames) : fileOf(skill, path)
    },
  })
  const revisionOf = (asked: unknown): string | undefined =>
    byName.get((asked as { name: string }).name)?.hash
  return Object.freeze({ ...(tool as Tool), revisionOf })
}

function instructionsOf(skill: Skill, toolNames: readonly string[]) {
  const files = skill.files.map(({ path }) => path).filter((path) => path !== skillFileName)
  return {
    skill: skill.name,
    instructions: skill.instructions,
    ...(files.length > 0 && { files }),
    ...(skill.compatibility !== undefined && { compatibility: skill.compatibility }),
    ...(skill.allowedTools !== undefined && { tools: toolsOf(skill.allowedTools, toolNames) }),
  }
}

/** Of the tools that the skill speaks of, which the agent has. A name may carry a pattern in parentheses. */
function toolsOf(allowed: readonly string[], toolNames: readonly string[]) {
  const plain = (name: string): string => name.replace(/\(.*$/, '')
  return {
    available: allowed.filter((name) => toolNames.includes(plain(name))),
    missing: allowed.filter((name) => !toolNames.includes(plain(name))),
  }
}

function fileOf(skill: Skill, path: string) {
  const file: SkillFile | undefined = skill.files.find((candidate) => candidate.path === path)
  if (file === undefined)
    throw unreadable(skill.name, 'unknown_file', `The skill "${skill.name}" has no file of this path.`)
  if (file.text === undefined) {
    const what = `"${path}" of the skill "${skill.name}" is not text (${file.bytes} bytes) and cannot be read here.`
    throw unreadable(skill.name, 'binary', what)
  }
  return { skill: skill.name, path, text: file.text }
}

function unreadable(skill: string, reason: string, message: string): HarnessError {
  return new HarnessError({
    code: 'skill/unreadable',
    message,
    meta: { skill: skill.slice(0, 64).toWellFormed(), reason },
  })
}
