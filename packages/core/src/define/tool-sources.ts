import type { ToolSource } from '../ports/index.ts'
import { invalidDefinition } from './check.ts'
import type { Tool, ToolFacts } from './tool.ts'

/** What an agent lists among its tools. */
export type ToolOrSource = ToolFacts | ToolSource

const sourceName = /^[a-z][a-z0-9-]{0,31}$/

/** Requires tools and sources with names of their own. */
export function checkTools(what: string, listed: readonly ToolOrSource[]): void {
  if (!Array.isArray(listed)) invalidDefinition(`${what}: tools must be an array.`)
  const names = new Set<string>()
  for (const one of listed) {
    const { kind, name } = Object(one) as Partial<ToolOrSource>
    if (kind !== 'tool' && kind !== 'tool-source')
      invalidDefinition(`${what}: tools must be values made by defineTool, or tool sources.`)
    if (kind === 'tool-source' && !sourceName.test(String(name)))
      invalidDefinition(
        `${what}: the name "${String(name)}" of a tool source is not valid: use 1 to 32 of a-z 0-9 -, a letter first.`,
      )
    const taken = `${kind} ${String(name)}`
    if (names.has(taken))
      invalidDefinition(
        `${what}: two ${kind === 'tool' ? 'tools' : 'tool sources'} have the name "${String(name)}".`,
      )
    names.add(taken)
  }
}

/** The tools that are known when the agent is defined. */
export function toolsOf(listed: readonly ToolOrSource[]): readonly Tool[] {
  return Object.freeze(listed.filter((one): one is Tool => one.kind === 'tool'))
}

/** Where tools come from that are known when the agent runs. */
export function sourcesOf(listed: readonly ToolOrSource[]): readonly ToolSource[] {
  return Object.freeze(listed.filter((one) => one.kind === 'tool-source'))
}

/** How a tool of a source is called in an agent. A source has no `_` in its name, so no two sources can meet. */
export function sourcedName(source: string, tool: string): string {
  return `${source}_${tool}`
}
