import type { ModelCapability } from '../ports/index.ts'
import { invalidDefinition } from './check.ts'

/** Everything that a workflow may need of a model. */
const capabilities: Readonly<Record<ModelCapability, true>> = {
  text: true,
  object: true,
  tools: true,
  vision: true,
  audio: true,
  file: true,
  embeddings: true,
  rerank: true,
}

/** Checks what a workflow declares of an alias. A word that nobody knows would be lacking in every model. */
export function checkNeeds(what: string, alias: string, needs: unknown): void {
  const where = `${what}: models.${alias}`
  if (!Array.isArray(needs)) invalidDefinition(`${where} must list what it needs, such as ['text'].`)
  const unknown = (needs as readonly unknown[]).find((need) => !Object.hasOwn(capabilities, String(need)))
  if (unknown === undefined) return
  invalidDefinition(
    `${where} needs ${JSON.stringify(unknown)}; choose from ${Object.keys(capabilities).join(', ')}.`,
  )
}
