/**
 * The order inside core. A folder (or file) of packages/core/src may import its own row's entry and any
 * row above; entries of one row do not see each other. Type-only imports obey the same order. Tests are
 * free. Every entry of packages/core/src has to be in the table.
 */
export const coreLayers: readonly (readonly string[])[] = [
  ['ports', 'version'],
  ['errors'],
  ['platform'],
  ['schema'],
  ['define'],
  ['history'],
  ['feed'],
  ['run'],
  ['memory', 'checkpoints'],
  ['models', 'tools', 'skills'],
  ['agent', 'workflow'],
  ['session'],
  ['in-memory'],
  ['telemetry'],
  ['harness'],
  ['eval'],
  ['index'],
]

/** Defaults that implement ports know the ports and small helpers, and nothing of the engine. */
export const coreAllowOnly: Readonly<Record<string, readonly string[]>> = {
  platform: ['ports', 'errors', 'version'],
  'in-memory': ['ports', 'errors', 'schema', 'platform', 'version'],
}

/** Packages that see core like a stranger would: through `@belay/core/ports` alone. */
export const adapters: readonly string[] = [
  'local-sqlite',
  'local-sandbox',
  'mcp',
  'skills',
  'openai-provider',
  'testing',
]

/** An adapter's tests run the contracts of this package. */
export const contractKit = 'testing'

/** Source files that may be longer than the limit: the file, and the decision record that says why. */
export const sizeExceptions: Readonly<Record<string, string>> = {}

export const maxLines = 400
export const usualLines = 200
export const longFilesShare = 0.1
