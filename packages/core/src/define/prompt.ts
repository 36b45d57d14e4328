import type { FilePart, TextPart } from '../ports/index.ts'

/** What a user message is written from: text, or parts of which some are pictures, sounds or documents. */
export type Prompt = string | readonly (TextPart | FilePart)[]

/** `type/subtype`, without parameters. */
const mediaType = /^[\w.+-]+\/[\w.+-]+$/

/** The parts of a prompt. What is no prompt goes to `refuse` with the reason. */
export function promptParts(
  prompt: unknown,
  refuse: (why: string) => never,
): readonly (TextPart | FilePart)[] {
  if (typeof prompt === 'string') return [{ type: 'text', text: prompt }]
  if (!Array.isArray(prompt) || prompt.length === 0) refuse('it must be a text or a list of parts')
  return (prompt as readonly unknown[]).map((part, index) =>
    checkPart(part, (why) => refuse(`part ${index + 1} ${why}`)),
  )
}

function checkPart(value: unknown, refuse: (why: string) => never): TextPart | FilePart {
  const part = Object(value) as Readonly<Record<string, unknown>>
  if (part['type'] === 'text') {
    if (typeof part['text'] !== 'string') refuse('has no text')
    return value as TextPart
  }
  if (part['type'] !== 'file') refuse("must have the type 'text' or 'file'")
  if (typeof part['mediaType'] !== 'string' || !mediaType.test(part['mediaType']))
    refuse("needs a mediaType such as 'image/png'")
  const { data } = part
  if (typeof data !== 'string' || data === '') refuse('needs data: base64 or an http(s) URL')
  if (/^data:/i.test(data)) refuse('has a data: URL; give its base64 alone')
  return value as FilePart
}
