import type { Entry, Json, JsonObject, Store } from '@belay/core/ports'
import { readAll } from '../contract/journal-writing.ts'
import type { SweepScenario } from './sweep-scenario.ts'

/** Streams of a scenario and their entries. */
export type SweepJournal = ReadonlyMap<string, readonly Entry[]>

/** Reads every stream that the scenario names; a stream that cannot be read throws. */
export async function readJournal(store: Store, scenario: SweepScenario): Promise<SweepJournal> {
  const journal = new Map<string, readonly Entry[]>()
  for (const stream of [...scenario.runs, ...(scenario.streams ?? [])]) {
    journal.set(stream, await readAll(store.journal, stream))
  }
  return journal
}

function membersOf(data: Json): JsonObject {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as JsonObject) : {}
}

/**
 * Keys with a recorded result: entries `<noun>.finished` with a key. A failure that a `run.resumed` voids is none,
 * because it is there to be tried again; `later` is a journal of the same streams that may have grown.
 */
export function recordedKeys(
  journal: SweepJournal,
  scenario: SweepScenario,
  later: SweepJournal = journal,
): ReadonlySet<string> {
  const keys = new Set<string>()
  for (const stream of scenario.runs) {
    const voided = voidedIn(later.get(stream) ?? [])
    for (const { type, data, position } of journal.get(stream) ?? []) {
      const { key } = membersOf(data)
      if (type.endsWith('.finished') && typeof key === 'string' && !voided.has(position)) keys.add(key)
    }
  }
  return keys
}

/** Positions of failures that a resume voids. */
function voidedIn(entries: readonly Entry[]): ReadonlySet<number> {
  const resumed = entries.filter((entry) => entry.type === 'run.resumed')
  return new Set(resumed.flatMap((entry) => (membersOf(entry.data)['voided'] as number[] | undefined) ?? []))
}

/** What is wrong with the positions and the outcome of the journal, compared with the undisturbed one. */
export function journalProblems(
  journal: SweepJournal,
  undisturbed: SweepJournal,
  scenario: SweepScenario,
): readonly string[] {
  const problems: string[] = []
  for (const [stream, entries] of journal) {
    const gap = entries.findIndex((entry, index) => entry.position !== index + 1)
    if (gap >= 0) problems.push(`${stream}: position ${entries[gap]?.position} where ${gap + 1} was due`)
  }
  for (const stream of scenario.runs)
    problems.push(...outcomeProblems(stream, journal.get(stream) ?? [], undisturbed.get(stream) ?? []))
  for (const stream of scenario.streams ?? []) {
    const [now, before] = [journal, undisturbed].map((each) =>
      (each.get(stream) ?? []).map((entry) => entry.type).join(' '),
    )
    if (now !== before) problems.push(`${stream}: holds "${now}" instead of "${before}"`)
  }
  return problems
}

const outcomeOf = (entry: Entry | undefined): Json | undefined => entry && membersOf(entry.data)['outcome']

/** A failure ends an attempt and may be followed by another one; every other outcome is final. */
function outcomeProblems(
  stream: string,
  entries: readonly Entry[],
  undisturbed: readonly Entry[],
): readonly string[] {
  const last = entries.at(-1)
  if (last?.type !== 'run.finished')
    return [`${stream}: its last entry is ${last?.type ?? 'missing'}, not run.finished`]
  const finals = entries.filter((entry) => entry.type === 'run.finished' && outcomeOf(entry) !== 'failed')
  const problems: string[] = []
  if (finals.length > 1) problems.push(`${stream}: ${finals.length} final outcomes`)
  const [now, before] = [outcomeOf(last), outcomeOf(undisturbed.at(-1))]
  if (now !== before)
    problems.push(`${stream}: ended as ${JSON.stringify(now)} instead of ${JSON.stringify(before)}`)
  return problems
}
