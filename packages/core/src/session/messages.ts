import { z } from 'zod'
import { HarnessError } from '../errors/harness-error.ts'
import type { Message } from '../ports/index.ts'
import { toJson } from '../schema/json.ts'

const text = z.strictObject({ type: z.literal('text'), text: z.string() })
const provider = z.record(z.string(), z.json()).optional()
const file = z.strictObject({
  type: z.literal('file'),
  mediaType: z.string().min(1),
  data: z.string(),
  name: z.string().optional(),
})
const reasoning = z.strictObject({ type: z.literal('reasoning'), text: z.string(), provider })
const call = z.strictObject({
  type: z.literal('tool-call'),
  callId: z.string().min(1),
  name: z.string().min(1),
  arguments: z.string(),
  provider,
})
const result = z.strictObject({
  type: z.literal('tool-result'),
  callId: z.string().min(1),
  name: z.string().min(1),
  output: z.json(),
  isError: z.boolean(),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: z.string() }),
  z.strictObject({ role: z.literal('user'), content: z.array(z.union([text, file])).min(1) }),
  z.strictObject({ role: z.literal('assistant'), content: z.array(z.union([text, reasoning, call])).min(1) }),
  z.strictObject({ role: z.literal('tool'), content: z.array(result).min(1) }),
])

/** Refuses what is not a conversation before anything is written. */
export function checkMessages(messages: readonly Message[]): Message[] {
  // First of all, because it bounds the depth of what the schema walks through.
  const json = toJson(messages, 'The messages')
  const parsed = z.array(message).safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new HarnessError({
      code: 'validation/input',
      message: `The messages are not a conversation: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
      meta: { path: issue?.path.join('.') ?? '' },
    })
  }
  return json as unknown as Message[]
}
