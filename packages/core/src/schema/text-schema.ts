import type { StandardSchema } from './standard-schema.ts'

/** The default of agents: plain text in, plain text out. */
export const textSchema: StandardSchema<string, string> = {
  '~standard': {
    version: 1,
    vendor: 'belay',
    validate: (value) =>
      typeof value === 'string' ? { value } : { issues: [{ message: `expected text, got ${typeof value}` }] },
  },
}
