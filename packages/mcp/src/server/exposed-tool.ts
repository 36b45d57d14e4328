import type { JsonObject } from '@belay/core/ports'
import type { ServableDefinition, ServableHarness, ServableSchema } from './servable.ts'
import type { ExposedDefinition, ServeMcpOptions } from './serve-options.ts'

/** A tool with what it runs. */
export interface ExposedTool {
  readonly name: string
  readonly kind: 'agent' | 'workflow'
  /** In the harness. */
  readonly target: string
  /** As `tools/list` gives it. */
  readonly listed: JsonObject
  /** The input is no object, so that it travels as the property `input`. */
  readonly wrapsInput: boolean
  /** The output is an object and travels as structured content. */
  readonly isStructured: boolean
}

const toolName = /^[A-Za-z0-9_.-]{1,128}$/

/** The method of the Standard JSON Schema specification. */
interface JsonSchemaConverter {
  input(options: { target: string }): Record<string, unknown>
  output(options: { target: string }): Record<string, unknown>
}

/** Every tool of the options. Throws `TypeError` that says which one cannot be exposed, and why. */
export function exposedTools(
  harness: ServableHarness,
  expose: ServeMcpOptions['expose'],
): readonly ExposedTool[] {
  const known = new Set(harness.inspect().definitions.map(({ kind, name }) => `${kind} ${name}`))
  const tools = [
    ...Object.entries(expose?.agents ?? {}).map(([key, exposed]) => exposedTool('agent', key, exposed)),
    ...Object.entries(expose?.workflows ?? {}).map(([key, exposed]) => exposedTool('workflow', key, exposed)),
  ]
  if (tools.length === 0) throw new TypeError('serveMcp: expose names neither an agent nor a workflow.')
  const names = new Set<string>()
  for (const { name, definition } of tools) {
    if (!known.has(`${definition.kind} ${definition.name}`)) {
      throw new TypeError(
        `serveMcp: the harness "${harness.name}" has no ${definition.kind} "${definition.name}".`,
      )
    }
    if (names.has(name)) throw new TypeError(`serveMcp: two tools have the name "${name}".`)
    names.add(name)
  }
  return tools.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function exposedTool(
  kind: 'agent' | 'workflow',
  key: string,
  exposed: ExposedDefinition,
): ExposedTool & { readonly definition: ServableDefinition } {
  const what = `serveMcp, ${kind} "${key}"`
  const { definition, description, tool: name = key, title, annotations } = exposed ?? {}
  if (definition?.kind !== kind)
    throw new TypeError(`${what}: definition must be the ${kind} that the harness has.`)
  if (typeof description !== 'string' || description.trim() === '') {
    throw new TypeError(`${what}: description is missing. Say in a sentence what it is for.`)
  }
  if (!toolName.test(name))
    throw new TypeError(`${what}: the name of its tool must be 1 to 128 of A-Z a-z 0-9 _ . -`)
  const input = schemaOf(what, definition.input, 'input')
  const output = schemaOf(what, definition.output, 'output')
  const wrapsInput = input['type'] !== 'object'
  const isStructured = output['type'] === 'object'
  return {
    name,
    kind,
    target: key,
    definition,
    wrapsInput,
    isStructured,
    listed: {
      name,
      ...(title !== undefined && { title }),
      description,
      inputSchema: wrapsInput ? wrapped(input) : input,
      ...(isStructured && { outputSchema: output }),
      ...(annotations !== undefined && { annotations: { ...annotations } }),
    },
  }
}

/** MCP knows only objects as arguments. */
function wrapped({ $schema, $defs, definitions, ...schema }: JsonObject): JsonObject {
  return {
    ...($schema !== undefined && { $schema }),
    type: 'object',
    properties: { input: schema },
    required: ['input'],
    additionalProperties: false,
    // References in the schema are from the root.
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  }
}

function schemaOf(what: string, schema: ServableSchema, side: 'input' | 'output'): JsonObject {
  const { vendor, jsonSchema } = schema['~standard']
  const converter = jsonSchema as JsonSchemaConverter | undefined
  if (typeof converter?.[side] !== 'function') {
    // An agent without a schema takes and gives text.
    if (vendor === 'belay') return { type: 'string' }
    throw new TypeError(
      `${what}: the schema library "${vendor}" cannot give a JSON Schema of its ${side}. Use one that implements Standard JSON Schema, such as zod 4.`,
    )
  }
  try {
    return JSON.parse(JSON.stringify(converter[side]({ target: 'draft-2020-12' }))) as JsonObject
  } catch {
    throw new TypeError(`${what}: its ${side} cannot be written as JSON Schema.`)
  }
}
