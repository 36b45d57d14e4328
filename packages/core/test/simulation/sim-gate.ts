import { isOpen } from '../../src/history/approvals.ts'
import type { Denial, GateSpec } from '../../src/run/definition.ts'
import type { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

/** How a step of the simulation asks for consent. */
export interface SimGate {
  readonly permission?: 'deny' | 'ask'
  /** The version of the code in the n-th process. */
  readonly version?: (boot: number) => string
  readonly timeoutMs?: number
  readonly hook?: () => unknown
}

/** The number of a process. */
export const bootOf = (process: SimProcess): number => Number(process.name.slice(1))

/** The version of the code that a process executes. */
export const versionIn = (gate: SimGate, process: SimProcess): string =>
  gate.version?.(bootOf(process)) ?? '1'

/** A gate as the engine takes it. */
export function gateSpec(world: World, process: SimProcess, gate: SimGate, key: () => string): GateSpec {
  const { hook } = gate
  return {
    permission: gate.permission ?? 'ask',
    subject: { tool: 'tool', toolVersion: versionIn(gate, process), argumentsHash: 'hash' },
    content: { some: 'arguments' },
    timeoutMs: gate.timeoutMs ?? 0,
    hookTimeoutMs: 1_000,
    denied: ({ why }: Denial) => new Error(`denied: ${why}`),
    ...(hook !== undefined && {
      hook: () => {
        if (world.holder === process.name) noteHook(world, key())
        return hook()
      },
    }),
  }
}

function noteHook(world: World, key: string): void {
  const history = world.fold()
  const isDecided = history?.partial.get(key)?.consent?.resolved?.decision === 'allow'
  if (isDecided) world.bad.push(`a hook was asked again: ${key}`)
}

/** What is wrong with an effect that happens now: it needs a decision that holds for just this. */
export function wrongWith(world: World, process: SimProcess, gate: SimGate, key: string): string | undefined {
  const consent = world.fold()?.partial.get(key)?.consent
  if (gate.permission === 'deny') return 'it is forbidden'
  if (consent?.resolved?.decision !== 'allow') return 'nobody allowed it'
  const { request, resolved } = consent
  if (isOpen(consent)) return 'its approval is open'
  if (request === undefined) return gate.hook === undefined ? 'there is no hook' : undefined
  if (request.subject.toolVersion !== versionIn(gate, process)) return 'another version was allowed'
  const late = request.expiresAt !== undefined && resolved.decidedAt > request.expiresAt
  return late ? 'it was allowed too late' : undefined
}
