import type { AdapterInfo } from '../ports/index.ts'
import type { ModelRegistry } from '../models/registry.ts'
import type { Definition } from '../run/definition.ts'
import type { AdapterUse } from './adapters.ts'

/** What a harness was resolved to. Read without I/O. */
export interface HarnessInspection {
  readonly name: string
  readonly adapters: readonly { readonly role: string; readonly info: AdapterInfo }[]
  readonly models: readonly { readonly alias: string; readonly provider: string; readonly modelId: string }[]
  readonly definitions: readonly { readonly kind: string; readonly name: string; readonly version: string }[]
}

/** Shows what a harness was resolved to. */
export function inspectHarness(
  name: string,
  uses: readonly AdapterUse[],
  models: ModelRegistry,
  definitions: readonly Definition[],
): HarnessInspection {
  return {
    name,
    adapters: uses.map(({ role, info }) => ({ role, info })),
    models: models.aliases.map((alias) => {
      const { provider, modelId } = models.get(alias).model
      return { alias, provider, modelId }
    }),
    definitions: definitions.map(({ kind, name: definition, version }) => ({
      kind,
      name: definition,
      version,
    })),
  }
}
