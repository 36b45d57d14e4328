import { PortError } from '@belay/core/ports'

/** The key to use now. Read at each call, so that a program can start without one and keys can rotate. */
export function openaiKey(given: string | undefined): string {
  const key = given ?? process.env['OPENAI_API_KEY']
  if (key) return key
  throw new PortError({
    code: 'model/auth',
    message:
      'No API key for OpenAI: set the environment variable OPENAI_API_KEY or pass `apiKey` to openai().',
  })
}
