import type { Model, ModelPart, ModelRequest } from '@belay/core/ports'

/** The smallest request. */
export const hello: ModelRequest = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Say hello.' }] }],
}

/** Everything that a model answers. */
export async function collect(
  model: Model,
  request: ModelRequest = hello,
  signal: AbortSignal = new AbortController().signal,
): Promise<ModelPart[]> {
  const parts: ModelPart[] = []
  for await (const part of model.generate(request, { signal })) parts.push(part)
  return parts
}

/** What a call throws, and what came before it. */
export async function failureOf(
  model: Model,
  request: ModelRequest = hello,
): Promise<{ readonly error: unknown; readonly parts: readonly ModelPart[] }> {
  const parts: ModelPart[] = []
  try {
    for await (const part of model.generate(request, { signal: new AbortController().signal }))
      parts.push(part)
  } catch (error) {
    return { error, parts }
  }
  throw new Error(`the call did not fail but gave ${parts.length} parts`)
}

/** All text of an answer. */
export function textOf(parts: readonly ModelPart[]): string {
  return parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('')
}
