import type { Json } from '../ports/index.ts'
import { hashJson } from '../schema/json.ts'
import type { StandardSchema } from '../schema/standard-schema.ts'
import { toJsonSchema } from '../schema/to-json-schema.ts'

/** What a version is made from. */
interface VersionedTool {
  readonly name: string
  readonly description: string
  readonly input: StandardSchema
  readonly output: StandardSchema | undefined
}

/** The version of a tool that names none: whoever changes what a model or an approver sees makes another one. */
export function toolVersionOf({ name, description, input, output }: VersionedTool): string {
  const schemas = { input: schemaOf(input, 'input'), output: output ? schemaOf(output, 'output') : null }
  return hashJson({ name, description, ...schemas })
}

/** A schema that JSON Schema cannot say is known by its library alone. */
function schemaOf(schema: StandardSchema, side: 'input' | 'output'): Json {
  try {
    return toJsonSchema(schema, side, 'A tool')
  } catch {
    return schema['~standard'].vendor
  }
}
