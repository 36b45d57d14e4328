/** A refusal that a person or a model can act on; its message is a full sentence without a stack's worth of context. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
}

/** The system's word for what went wrong, such as `EACCES`. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}
