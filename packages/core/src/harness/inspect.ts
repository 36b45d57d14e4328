import type { AdapterInfo, IsolationReport, WorkspaceInspection } from '../ports/index.ts'
import type { ModelRegistry } from '../models/registry.ts'
import type { Definition } from '../run/definition.ts'
import type { AdapterUse } from './adapters.ts'
import type { GivenPlaces } from './places.ts'

/** What a harness was resolved to. Read without I/O. */
export interface HarnessInspection {
  readonly name: string
  readonly adapters: readonly { readonly role: string; readonly info: AdapterInfo }[]
  /** What is enforced for commands, as it was tried. */
  readonly sandbox: IsolationReport
  /** Retention, quota and encryption in force; absent: no files are kept with steps. */
  readonly workspace?: WorkspaceInspection
  readonly models: readonly { readonly alias: string; readonly provider: string; readonly modelId: string }[]
  readonly definitions: readonly { readonly kind: string; readonly name: string; readonly version: string }[]
}

/** Shows what a harness was resolved to. */
export function inspectHarness(
  name: string,
  uses: readonly AdapterUse[],
  { sandbox, workspace }: GivenPlaces,
  models: ModelRegistry,
  definitions: readonly Definition[],
): HarnessInspection {
  return {
    name,
    adapters: uses.map(({ role, info }) => ({ role, info })),
    sandbox: sandbox.report,
    ...(workspace !== undefined && { workspace: workspace.inspect() }),
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
