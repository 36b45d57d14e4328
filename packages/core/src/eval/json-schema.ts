import type { JsonObject } from '../ports/index.ts'
import { toFrozenJson } from '../schema/json.ts'
import { CheckThread } from './check-thread.ts'
import { readSchema } from '../schema/json-schema/read.ts'
import { schemaFault, type JsonSchema } from '../schema/json-schema/validate.ts'
import { fullScore, noScore, type Score, type Scorer } from './scorer.ts'

/** What `jsonSchema` takes. */
export interface JsonSchemaInit {
  /** Default `json-schema`. */
  readonly name?: string
  /** Draft 2020-12. A keyword that is not known is refused at once. */
  readonly schema: JsonObject | boolean
  /** Milliseconds for one output, where the schema has patterns. Default 1,000. */
  readonly timeoutMs?: number
}

/**
 * Scores whether an output is valid by a JSON Schema. An output that is a text is read as JSON first, when it is
 * JSON. A schema with patterns is checked in a thread with a time limit, like `regex`.
 */
export function jsonSchema(init: JsonSchemaInit): Scorer {
  const schema = toFrozenJson(init.schema, 'The schema of jsonSchema') as JsonSchema
  const { hasPatterns } = readSchema(schema)
  const name = init.name ?? 'json-schema'
  if (!hasPatterns) return { name, score: ({ output }) => toScore(schemaFault(schema, parsed(output))) }
  const thread = new CheckThread({ schema }, init.timeoutMs ?? 1_000)
  return {
    name,
    async score({ output }, options) {
      const answer = await thread.check(parsed(output), options?.signal)
      return answer.timedOut
        ? noScore(`a pattern of the schema took longer than ${thread.timeoutMs} ms over this output`)
        : toScore(answer.fault)
    },
    close: () => thread.close(),
  }
}

const toScore = (fault: string | undefined): Score => (fault === undefined ? fullScore : noScore(fault))

/** Agents without a schema answer with text, also when they were asked for JSON. */
function parsed(output: unknown): unknown {
  if (typeof output !== 'string') return output
  try {
    return JSON.parse(output) as unknown
  } catch {
    return output
  }
}
