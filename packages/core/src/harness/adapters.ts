import { HarnessError } from '../errors/harness-error.ts'
import type { ModelRegistry } from '../models/registry.ts'
import {
  portSpecs,
  type AdapterContext,
  type AdapterInfo,
  type Capability,
  type Configurable,
  type MemoryAdapter,
  type Platform,
  type PortName,
  type SandboxAdapter,
  type Store,
  type ToolSource,
  type WorkspaceAdapter,
} from '../ports/index.ts'

import type { MemoryUse } from '../run/run-memory.ts'

/** An adapter with the ports that it has to fill. */
export interface AdapterUse {
  /** Where the application passed it, for messages. */
  readonly role: string
  readonly info: AdapterInfo
  readonly ports: readonly PortName[]
  /** The adapter itself; one with `close` is closed with the harness. */
  readonly adapter: Configurable & { readonly close?: () => Promise<void> }
}

/** The adapters of a harness. */
export function adapterUses(init: {
  readonly store: Store
  readonly memory?: MemoryAdapter | undefined
  readonly platform: Platform
  readonly sandbox: SandboxAdapter
  readonly workspace: WorkspaceAdapter | undefined
  readonly models: ModelRegistry
  readonly sources: readonly ToolSource[]
}): AdapterUse[] {
  const { store, memory, platform, sandbox, workspace, models, sources } = init
  const storePorts: PortName[] = ['journal', 'lease', 'blobs']
  // The memory of a store counts only where it is used.
  if (memory === undefined && store?.memory !== undefined) storePorts.push('memory')
  return [
    { role: 'store', info: store?.info, ports: storePorts, adapter: store },
    ...(memory === undefined ? [] : [memoryUse(memory)]),
    { role: 'platform', info: platform?.info, ports: ['platform'], adapter: platform },
    { role: 'sandbox', info: sandbox?.info, ports: ['sandbox'], adapter: sandbox },
    ...(workspace === undefined ? [] : [workspaceUse(workspace)]),
    ...models.aliases.map((alias): AdapterUse => {
      const { model } = models.get(alias)
      return { role: `models.${alias}`, info: model.info, ports: ['model'], adapter: model }
    }),
    ...sources.map((source): AdapterUse => ({
      role: `tool source "${source.name}"`,
      info: source.info,
      ports: ['tool-source'],
      adapter: source,
    })),
  ]
}

/** The memory that a harness uses, with what it declares. */
export function memoryOf(store: Store, own: MemoryAdapter | undefined): MemoryUse | undefined {
  if (own !== undefined) return { memory: own, capabilities: own.info.capabilities, ofStore: false }
  const { memory, info } = store
  return memory && { memory, capabilities: info.capabilities, ofStore: true }
}

function memoryUse(memory: MemoryAdapter): AdapterUse {
  return { role: 'memory', info: memory?.info, ports: ['memory'], adapter: memory }
}

function workspaceUse(workspace: WorkspaceAdapter): AdapterUse {
  return { role: 'workspace', info: workspace.info, ports: ['workspace'], adapter: workspace }
}

/** Whatever uses another is closed before it: connections, processes, the trees that they work on, then all else. */
const closingOrder: readonly PortName[] = ['tool-source', 'sandbox', 'workspace']

/**
 * Closes the sessions and then every adapter once, also after a failure, and reports the failures together. An
 * adapter with several roles is closed with the last of them.
 */
export async function closeAdapters(
  uses: readonly AdapterUse[],
  closeSessions: () => Promise<void>,
): Promise<void> {
  const stages = new Map<AdapterUse['adapter'], number>()
  for (const { adapter, ports } of uses) {
    const own = ports
      .map((port) => closingOrder.indexOf(port))
      .map((at) => (at < 0 ? closingOrder.length : at))
    stages.set(adapter, Math.max(stages.get(adapter) ?? 0, ...own))
  }
  const ends = await Promise.allSettled([closeSessions()])
  for (let stage = 0; stage <= closingOrder.length; stage++) {
    const adapters = [...stages].filter(([, at]) => at === stage)
    ends.push(...(await Promise.allSettled(adapters.map(async ([adapter]) => adapter.close?.()))))
  }
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  if (failures.length === 0) return
  const messages = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)))
  throw new AggregateError(failures, `Some adapters could not be closed: ${messages.join('; ')}`)
}

/** What `info` must have, each with how to tell. */
const infoFields: Readonly<Record<keyof AdapterInfo, (value: unknown) => boolean>> = {
  id: isText,
  packageName: isText,
  version: isText,
  specs: (value) => typeof value === 'object' && value !== null,
  capabilities: Array.isArray,
}

/** Refuses adapters that say too little of themselves or were written against another version of a port. */
export function checkAdapters(uses: readonly AdapterUse[]): void {
  for (const { role, info, ports } of uses) {
    const said = Object(info) as Readonly<Record<string, unknown>>
    const missing = Object.entries(infoFields).flatMap(([field, has]) => (has(said[field]) ? [] : [field]))
    if (missing.length > 0) {
      refuse(
        `${role} is not an adapter: its \`info\` must have id, packageName, version, specs and capabilities, and lacks ${missing.join(', ')}.`,
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

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** Calls `configure` of each adapter object once. It cannot be asynchronous: a harness is made without waiting. */
export function configureAdapters(uses: readonly AdapterUse[], context: AdapterContext): void {
  const seen = new Set<object>()
  for (const { role, info, adapter } of uses) {
    if (seen.has(adapter) || typeof adapter.configure !== 'function') continue
    seen.add(adapter)
    const logger = context.logger.child({ adapter: info.id })
    const returned = attempted(role, () => adapter.configure?.({ ...context, logger }) as unknown)
    if (!(returned instanceof Promise)) continue
    returned.catch(() => undefined)
    refuse(`${role}: configure() returned a promise; it must do its work at once, without I/O.`)
  }
}

function attempted<T>(role: string, configure: () => T): T {
  try {
    return configure()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HarnessError({ code: 'config/adapter', message: `${role}: configure() threw: ${why}`, cause })
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
