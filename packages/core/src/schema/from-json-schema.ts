import type { JsonObject } from '../ports/index.ts'
import { schemaFault, type SchemaLimits } from './json-schema/validate.ts'
import type { StandardSchema } from './standard-schema.ts'

/**
 * The schema comes from somebody else. 200,000 looks take some 0.2 s, and no honest schema needs them; a pattern can
 * take for ever in one look, so patterns are left to whoever wrote them.
 */
const limits: SchemaLimits = { work: 200_000, patterns: false }

/** A JSON Schema that arrived as data, as a schema like any other. What it lets through is as it was. */
export function fromJsonSchema(schema: JsonObject): StandardSchema {
  return {
    '~standard': {
      version: 1,
      vendor: 'json-schema',
      validate: (value) => {
        const fault = schemaFault(schema, value, limits)
        return fault === undefined ? { value } : { issues: [{ message: fault }] }
      },
      jsonSchema: { input: () => ({ ...schema }), output: () => ({ ...schema }) },
    },
  }
}
