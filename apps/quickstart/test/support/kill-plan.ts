/** Parts of the job that a kill can hit. */
export const phases = [
  'start',
  'survey',
  'copy',
  'plan',
  'search',
  'read',
  'answer',
  'write',
  'verify',
  'save',
] as const

export type Phase = (typeof phases)[number]

/** The part that the last witnessed key belongs to. */
export function phaseOf(key: string | undefined): Phase {
  if (key === undefined) return 'start'
  if (key === 'survey' || key === 'copy' || key === 'verify') return key
  if (key === 'write') return 'save'
  if (key.startsWith('planner/')) return 'plan'
  if (key.startsWith('writer/')) return 'write'
  if (key.includes('/tool-1-')) return 'search'
  return key.includes('/tool-') ? 'read' : 'answer'
}

/** When to kill: at a number of witnessed effects or at a phase, and a moment after that. */
export interface KillMoment {
  readonly effects: number | undefined
  readonly phase: Phase | undefined
  readonly delayMs: number
}

/** Phases that last one effect are aimed at, or hardly any kill would hit them. */
const rarePhases: readonly Phase[] = ['survey', 'copy', 'plan', 'write', 'verify', 'save']

export function nextMoment(random: () => number): KillMoment {
  const kind = random()
  const pick = rarePhases[Math.floor(random() * rarePhases.length)]
  const effects = 1 + Math.floor(random() * 28)
  const moment = random()
  // Any moment from the birth of the process on; most of it is spent before the first effect.
  if (kind < 0.15) return { effects: 0, phase: undefined, delayMs: moment * 450 }
  if (kind < 0.55) return { effects: undefined, phase: pick, delayMs: moment * 12 }
  return { effects, phase: undefined, delayMs: moment * 25 }
}
