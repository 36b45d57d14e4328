import { createHash } from 'node:crypto'
import type { JsonObject, Logger, SourcedTool } from '@belay/core/ports'
import { canonicalText, isPlainJson } from './plain-json.ts'
import { bounded } from './tool-text.ts'

const toolName = /^[A-Za-z0-9_-]{1,64}$/

/** What the port allows for a schema. */
const maxSchemaBytes = 262_144

/** Longer descriptions are read by nobody and paid for in each call of a model. */
const maxDescriptionLength = 8_192

/** A tool as the server lists it. */
export type ListedTool = Readonly<Record<string, unknown>>

/** A tool of the port, or why it is none. */
export function sourcedTool(tool: unknown): SourcedTool | { readonly name: string; readonly unfit: string } {
  const fields = Object(tool) as ListedTool
  const { name, title, description, inputSchema, outputSchema, annotations, execution } = fields
  const called = typeof name === 'string' && toolName.test(name) ? name : undefined
  if (called === undefined) return { name: shown(name), unfit: 'name' }
  const unfit = (why: string) => ({ name: called, unfit: why })
  if (!isPlainJson(fields)) return unfit('json')
  if (!isObjectSchema(inputSchema)) return unfit('schema')
  if (Object(execution).taskSupport === 'required') return unfit('task')
  const seen = { name: called, title, description, inputSchema, outputSchema, annotations }
  const text = canonicalText(seen)
  if (Buffer.byteLength(JSON.stringify(inputSchema)) > maxSchemaBytes) return unfit('size')
  const { readOnlyHint, idempotentHint } = Object(annotations) as ListedTool
  const words = [description, title].find((one) => typeof one === 'string' && one.trim() !== '')
  return {
    name: called,
    description: bounded(typeof words === 'string' ? words : called, maxDescriptionLength),
    inputSchema,
    version: versionOf(text),
    readOnly: readOnlyHint === true,
    idempotent: idempotentHint === true,
  }
}

/** A name that is none, as a log may have it. */
function shown(name: unknown): string {
  return typeof name === 'string' ? name.slice(0, 64).replaceAll(/[^A-Za-z0-9_.-]/g, '?') : ''
}

/** A tool that this side adds to those of a server. */
export function ownTool(name: string, description: string, inputSchema: JsonObject): SourcedTool {
  const version = versionOf(canonicalText({ name, description, inputSchema }))
  return { name, description, inputSchema, version, readOnly: true, idempotent: true }
}

/** By name, each once; what is left out is said. */
export function sourcedTools(
  listed: readonly unknown[],
  init: { readonly source: string; readonly only: readonly string[] | undefined; readonly logger: Logger },
): Map<string, SourcedTool> {
  const { source, only, logger } = init
  const tools = new Map<string, SourcedTool>()
  for (const one of listed) {
    const tool = sourcedTool(one)
    if (only !== undefined && !only.includes(tool.name)) continue
    const unfit = 'unfit' in tool ? tool.unfit : tools.has(tool.name) ? 'twin' : undefined
    if (unfit === undefined) tools.set(tool.name, tool as SourcedTool)
    else logger.warn('a tool of an MCP server is left out', { source, tool: tool.name, reason: unfit })
  }
  for (const tool of only ?? [])
    if (!tools.has(tool))
      logger.warn('an MCP server does not have a tool that was selected', { source, tool })
  return tools
}

function isObjectSchema(schema: unknown): schema is JsonObject {
  return (
    typeof schema === 'object' &&
    schema !== null &&
    !Array.isArray(schema) &&
    (schema as JsonObject)['type'] === 'object'
  )
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
