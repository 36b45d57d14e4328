import type { JsonObject, SourcedResult, SourcedTool } from '@belay/core/ports'
import type { Link, RequestInit } from './link.ts'
import { bounded, resourceText } from './tool-text.ts'
import { ownTool } from './tool-list.ts'

/** Tools with which a model reads what a server offers as resources. */
export const resourceTools: ReadonlyMap<string, SourcedTool> = new Map(
  [
    ownTool('list_resources', 'List the resources of this server: address, name and description of each.', {
      type: 'object',
      properties: { cursor: { type: 'string', description: 'Where the list before this one ended.' } },
      additionalProperties: false,
    }),
    ownTool('read_resource', 'Read one resource of this server by its address.', {
      type: 'object',
      properties: { uri: { type: 'string', description: 'The address, as it was listed.' } },
      required: ['uri'],
      additionalProperties: false,
    }),
  ].map((tool) => [tool.name, tool]),
)

/** Calls one of them. */
export async function callResourceTool(
  link: Link,
  name: string,
  input: JsonObject,
  init: RequestInit,
): Promise<SourcedResult> {
  if (name === 'read_resource') {
    const { contents } = await link.request('resources/read', { uri: input['uri'] }, init)
    return { isError: false, text: resourceText(Array.isArray(contents) ? contents : []) }
  }
  const { cursor } = input
  const { resources, nextCursor } = await link.request(
    'resources/list',
    typeof cursor === 'string' ? { cursor } : {},
    init,
  )
  const lines = (Array.isArray(resources) ? (resources as readonly unknown[]) : []).map((one) => {
    const { uri, name: called, description, mimeType } = Object(one) as Readonly<Record<string, unknown>>
    return [uri, called, mimeType, description].filter((part) => typeof part === 'string').join(' · ')
  })
  if (typeof nextCursor === 'string') lines.push(`[more with cursor ${JSON.stringify(nextCursor)}]`)
  return { isError: false, text: bounded(lines.join('\n')) }
}
