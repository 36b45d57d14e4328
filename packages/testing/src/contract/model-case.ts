import assert from 'node:assert/strict'
import type { Capability, GenerateOptions, Model, ModelPart, ModelRequest } from '@belay/core/ports'
import type { ModelScript } from '../model/model-script.ts'
import type { ModelSubject, ModelSubjectFactory } from '../model/model-subject.ts'
import { outcomeOf, skipCase } from './contract.ts'
import type { ContractCase } from './contract.ts'

/** A case about a model: the script that its provider plays, and what must come of it. */
export interface ModelCase {
  readonly title: string
  readonly needs?: readonly Capability[]
  readonly script: ModelScript
  run(subject: ModelSubject): Promise<void>
}

/** Gives each case a subject of its own, and skips those whose capabilities its model does not declare. */
export function bindModelCases(
  cases: readonly ModelCase[],
  subjects: ModelSubjectFactory,
): readonly ContractCase[] {
  return cases.map(({ title, needs, script, run }) => ({
    title,
    ...(needs === undefined ? {} : { needs }),
    run: () =>
      outcomeOf(async () => {
        const subject = await subjects.respond(script)
        try {
          const missing = (needs ?? []).filter((need) => !capabilitiesOf(subject.model).has(need))
          if (missing.length > 0) skipCase(`the model does not declare ${missing.join(', ')}`)
          await run(subject)
        } finally {
          await subject.close()
        }
      }),
  }))
}

function capabilitiesOf(model: Model): ReadonlySet<Capability> {
  return new Set([
    ...model.info.capabilities,
    ...model.capabilities.map((each): Capability => `model.${each}`),
  ])
}

/** A request with one user message. */
export function requestOf(text: string, rest: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: 'user', content: [{ type: 'text', text }] }], ...rest }
}

/** What came of a call: its parts, and the error if it threw. */
export interface Collected {
  readonly parts: readonly ModelPart[]
  readonly text: string
  readonly calls: readonly Extract<ModelPart, { type: 'tool-call' }>[]
  readonly finish: Extract<ModelPart, { type: 'finish' }> | undefined
  readonly error: unknown
}

/** Never aborts. */
export const calm: GenerateOptions = { signal: new AbortController().signal }

/** Reads a stream to its end or its error, and asserts that at most one finish came, as the last part. */
export async function collect(
  model: Model,
  request: ModelRequest,
  options: GenerateOptions = calm,
): Promise<Collected> {
  const parts: ModelPart[] = []
  let error: unknown
  try {
    for await (const part of model.generate(request, options)) parts.push(part)
  } catch (thrown) {
    error = thrown ?? new Error('Something empty was thrown')
  }
  const finishes = parts.filter((part) => part.type === 'finish')
  assert.ok(finishes.length <= 1, 'at most one finish')
  if (finishes.length === 1) assert.equal(parts.at(-1)?.type, 'finish', 'nothing comes after the finish')
  if (error !== undefined) assert.equal(finishes.length, 0, 'a stream that fails has no finish')
  return {
    parts,
    text: parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join(''),
    calls: parts.filter((part) => part.type === 'tool-call'),
    finish: finishes[0],
    error,
  }
}

/** Reads a stream that must end with a finish. */
export async function collectFinished(
  model: Model,
  request: ModelRequest,
): Promise<Collected & { readonly finish: NonNullable<Collected['finish']> }> {
  const collected = await collect(model, request)
  assert.equal(collected.error, undefined, `the stream failed: ${String(collected.error)}`)
  assert.ok(collected.finish !== undefined, 'the stream ended without a finish')
  return { ...collected, finish: collected.finish }
}
