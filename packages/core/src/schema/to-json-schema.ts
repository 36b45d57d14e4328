import { HarnessError } from '../errors/harness-error.ts'
import type { JsonObject } from '../ports/index.ts'
import type { StandardSchema } from './standard-schema.ts'
import { toJson } from './json.ts'

/** The method of the Standard JSON Schema specification; zod has it from 4.2 on. */
interface JsonSchemaConverter {
  input(options: { target: string }): Record<string, unknown>
  output(options: { target: string }): Record<string, unknown>
}

/**
 * The JSON Schema (draft 2020-12) of what a schema takes (`input`) or gives (`output`), for a model to see. A
 * schema library without the Standard JSON Schema method, or a type that JSON Schema cannot say, is refused
 * when the definition is made, not in the middle of a run.
 */
export function toJsonSchema(schema: StandardSchema, side: 'input' | 'output', what: string): JsonObject {
  const converter = schema['~standard'].jsonSchema as JsonSchemaConverter | undefined
  if (typeof converter?.[side] !== 'function') {
    throw new HarnessError({
      code: 'config/definition',
      message: `${what}: the schema library "${schema['~standard'].vendor}" cannot give a JSON Schema. Use one that implements Standard JSON Schema, such as zod 4.`,
    })
  }
  try {
    const { $schema: _dialect, ...rest } = converter[side]({ target: 'draft-2020-12' })
    return toJson(rest, what) as JsonObject
  } catch (error) {
    throw new HarnessError({
      code: 'config/definition',
      message: `${what} cannot be written as JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    })
  }
}
