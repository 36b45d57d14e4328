import { HarnessError } from '../errors/harness-error.ts'
import type { ModelRegistry } from '../models/registry.ts'
import {
  portSpecs,
  type AdapterInfo,
  type Capability,
  type Platform,
  type PortName,
  type Store,
} from '../ports/index.ts'

/** An adapter with the ports that it has to fill. */
export interface AdapterUse {
  /** Where the application passed it, for messages. */
  readonly role: string
  readonly info: AdapterInfo
  readonly ports: readonly PortName[]
  /** The adapter itself; one with `close` is closed with the harness. */
  readonly adapter: { readonly close?: () => Promise<void> }
}

/** The adapters of a harness. */
export function adapterUses(init: {
  readonly store: Store
  readonly platform: Platform
  readonly models: ModelRegistry
}): AdapterUse[] {
  const { store, platform, models } = init
  return [
    { role: 'store', info: store?.info, ports: ['journal', 'lease', 'blobs'], adapter: store },
    { role: 'platform', info: platform?.info, ports: ['platform'], adapter: platform as object },
    ...models.aliases.map((alias): AdapterUse => {
      const { model } = models.get(alias)
      return { role: `models.${alias}`, info: model.info, ports: ['model'], adapter: model as object }
    }),
  ]
}

/** Closes every adapter once, also after a failure, and reports the failures together. */
export async function closeAdapters(uses: readonly AdapterUse[]): Promise<void> {
  const adapters = [...new Set(uses.map((use) => use.adapter))]
  const ends = await Promise.allSettled(adapters.map(async (adapter) => adapter.close?.()))
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  if (failures.length === 0) return
  const messages = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)))
  throw new AggregateError(failures, `Some adapters could not be closed: ${messages.join('; ')}`)
}

/** Refuses adapters that say nothing of themselves or were written against another version of a port. */
export function checkAdapters(uses: readonly AdapterUse[]): void {
  for (const { role, info, ports } of uses) {
    if (
      typeof info?.id !== 'string' ||
      typeof info.specs !== 'object' ||
      info.specs === null ||
      !Array.isArray(info.capabilities)
    ) {
      refuse(
        `${role} is not an adapter: its \`info\` must have id, packageName, version, specs and capabilities.`,
      )
    }
    for (const port of ports) {
      const spec = info.specs[port]
      if (spec === portSpecs[port]) continue
      refuse(
        `${role} (${info.packageName} ${info.version}) fills ${spec ?? `no spec of "${port}"`}; this core needs ${portSpecs[port]}. Install versions that fit together.`,
      )
    }
  }
}

/** Refuses a harness whose adapters lack a capability that the application requires. */
export function checkRequirements(required: readonly Capability[], uses: readonly AdapterUse[]): void {
  const available = new Set(uses.flatMap((use) => use.info.capabilities))
  const missing = required.filter((capability) => !available.has(capability))
  if (missing.length === 0) return
  const has = uses
    .map((use) => `${use.info.packageName}: ${use.info.capabilities.join(', ') || 'none'}`)
    .join('; ')
  refuse(
    `No adapter has ${missing.map((name) => `"${name}"`).join(', ')}, which \`requires\` names. Capabilities: ${has}.`,
  )
}

function refuse(message: string): never {
  throw new HarnessError({ code: 'config/adapter', message })
}
