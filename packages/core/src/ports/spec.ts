/**
 * The literal version of each port. An adapter states the one that it was written against; core
 * accepts every spec from the oldest that it can raise up to its own and refuses others by name when
 * a harness is built. This is what lets applications pin adapters independently of core.
 */
export const portSpecs = {
  journal: 'journal/1',
  lease: 'lease/1',
  blobs: 'blobs/1',
  memory: 'memory/1',
  model: 'model/1',
  platform: 'platform/1',
  logger: 'logger/1',
  sandbox: 'sandbox/1',
  workspace: 'workspace/1',
  'tool-source': 'tool-source/1',
} as const

/** A port that has a spec. */
export type PortName = keyof typeof portSpecs

/** The literal spec of one port, for example `journal/1`. */
export type PortSpec<Name extends PortName = PortName> = (typeof portSpecs)[Name]

/**
 * What an adapter can do, in words that `requires: [...]` names. A capability is declared by the
 * adapter and proven by the contract of its port; it is never passed to a contract as a flag.
 */
export type Capability =
  | 'store.persistent'
  | 'store.multi-process'
  | (`${'store' | 'memory' | 'model' | 'platform' | 'sandbox' | 'workspace'}.${string}` & {})

/** What every adapter says about itself. Read without I/O. */
export interface AdapterInfo {
  /** Short and stable, for example `sqlite`. */
  readonly id: string
  /** The npm package that it comes from. */
  readonly packageName: string
  /** The version of that package. */
  readonly version: string
  /** The spec of each port that it fills. */
  readonly specs: Readonly<Partial<Record<PortName, string>>>
  readonly capabilities: readonly Capability[]
}
