import { HarnessError } from '../errors/harness-error.ts'
import { portSpecs, type AdapterInfo, type Capability, type PortName } from '../ports/index.ts'

/** An adapter with the ports that it has to fill. */
export interface AdapterUse {
  /** Where the application passed it, for messages. */
  readonly role: string
  readonly info: AdapterInfo
  readonly ports: readonly PortName[]
}

/** Refuses adapters that say nothing of themselves or were written against another version of a port. */
export function checkAdapters(uses: readonly AdapterUse[]): void {
  for (const { role, info, ports } of uses) {
    if (typeof info?.id !== 'string' || typeof info.specs !== 'object' || !Array.isArray(info.capabilities)) {
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
