import { isDeepStrictEqual } from 'node:util'
import type { Harness } from '@belay/core'
import { eventually, finishedKeys, readWitness, withWorker, viewRun, WorkerError } from '../../src/index.ts'
import type { WorkerProcess } from '../../src/index.ts'

/** How a new process comes by the runs that the killed one left. */
type Way = 'start' | 'recover' | 'work'

/** Runs in several sessions, one after the other in each, in worker processes that are killed. */
export interface Campaign {
  /** A process that is killed once so many notes of it have come. */
  generation(plan: { readonly way: Way; readonly notes: number }): Promise<void>
  /** A last process, in which the run of each session ends. */
  finish(): Promise<void>
  readonly counts: Record<string, number>
  readonly problems: readonly string[]
}

interface CampaignInit {
  readonly files: { readonly store: string; readonly witness: string }
  /** A harness of this process on the same file: it signals and looks. */
  readonly control: Harness
  readonly sessions: number
}

interface Track {
  readonly sessionId: string
  count: number
  /** Keys that were recorded when the last process died. */
  committed: ReadonlySet<string>
}

const runIdOf = ({ sessionId, count }: Track): string => `${sessionId}-run-${count}`
const inputOf = ({ count }: Track): { readonly amount: number } => ({ amount: count })

function expectedOutput({ count, sessionId }: Track): unknown {
  const answer = `answer of items/1/looker`
  return { items: [count, answer, count * 3], pair: [1, 2], signal: sessionId.length, last: 3 }
}

export function createCampaign({ files, control, sessions }: CampaignInit): Campaign {
  const tracks = Array.from({ length: sessions }, (_, index): Track => ({
    sessionId: `s${index}`,
    count: 1,
    committed: new Set(),
  }))
  const problems: string[] = []
  const counts = {
    kills: 0,
    'runs finished': 0,
    'steps recorded': 0,
    'steps lost': 0,
    'ran again after commit': 0,
    started: 0,
    recovered: 0,
    'taken by a worker': 0,
    'resumed by hand': 0,
  }
  let witnessed = 0

  /** Half of the runs get their signal at once, the others once they are suspended. */
  const signal = async (track: Track): Promise<void> => {
    const info = await control.runs.get(runIdOf(track))
    if (info === undefined || (track.count % 2 === 1 && info.state !== 'suspended')) return
    if (info.state === 'succeeded') return
    await control.runs
      .signal(info.runId, 'go', track.sessionId.length, { commandId: 'go' })
      .catch((error: unknown) => ignore(error, 'run/ended'))
  }
  const drive = async (worker: WorkerProcess, way: Way, track: Track, isLast: boolean): Promise<void> => {
    for (;;) {
      const runId = runIdOf(track)
      const known = await control.runs.get(runId)
      if (way !== 'work' || known === undefined) {
        await worker.call('start', {
          sessionId: track.sessionId,
          flow: 'mixed',
          input: inputOf(track),
          runId,
        })
        counts.started += 1
        const output = await worker.call('result', runId)
        if (!isDeepStrictEqual(output, expectedOutput(track)))
          problems.push(`${runId}: output ${JSON.stringify(output)}`)
      } else {
        await eventually(`${runId} goes on in a worker`, async () => {
          if (worker.isGone()) throw new WorkerError({ code: 'gone', message: 'killed', meta: {} })
          const info = await control.runs.get(runId)
          // Five processes died under it without recording anything: a worker leaves it to people.
          if (info?.suspendReason === 'poisoned') {
            await worker.call('resume', runId)
            counts['resumed by hand'] += 1
          }
          return info?.state === 'succeeded' ? true : undefined
        })
        counts['taken by a worker'] += 1
      }
      await checkFinished(track)
      track.count += 1
      track.committed = new Set()
      if (isLast) return
    }
  }
  const checkFinished = async (track: Track): Promise<void> => {
    const view = await viewRun(files.store, { runId: runIdOf(track), sessionId: track.sessionId })
    counts['runs finished'] += 1
    counts['steps recorded'] += finishedKeys(view.entries).size
    const ends = view.entries.filter((entry) => entry.type === 'run.finished')
    const value = (ends[0]?.data as { readonly value?: unknown } | undefined)?.value
    if (ends.length !== 1) problems.push(`${runIdOf(track)}: ${ends.length} outcomes`)
    if (!isDeepStrictEqual(value, expectedOutput(track)))
      problems.push(`${runIdOf(track)}: recorded ${JSON.stringify(value)}`)
    const last = finishedKeys(view.entries)
    for (const key of track.committed) if (!last.has(key)) counts['steps lost'] += 1
  }
  /** Compares what the dead process said and did with what is recorded. */
  const autopsy = async (
    received: readonly string[],
    before: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<void> => {
    const ran = readWitness(files.witness)
    for (const { runId, key } of ran.slice(witnessed)) {
      if (before.get(runId)?.has(key) !== true) continue
      counts['ran again after commit'] += 1
      problems.push(`${runId}: ${key} ran again`)
    }
    witnessed = ran.length
    for (const track of tracks) {
      const runId = runIdOf(track)
      const view = await viewRun(files.store, { runId, sessionId: track.sessionId })
      const recorded = finishedKeys(view.entries)
      const promised = received.flatMap((note) =>
        note.startsWith(`received ${runId}:`) ? [note.slice(note.indexOf(':') + 1)] : [],
      )
      for (const key of [...promised, ...track.committed]) {
        if (recorded.has(key)) continue
        counts['steps lost'] += 1
        problems.push(`${runId}: ${key} was lost`)
      }
      track.committed = recorded
    }
  }
  const live = async (
    { way, isLast }: { readonly way: Way; readonly isLast: boolean },
    until: (worker: WorkerProcess, driven: Promise<unknown>) => Promise<readonly string[]>,
  ): Promise<void> => {
    const before = new Map(tracks.map((track) => [runIdOf(track), track.committed]))
    await withWorker(files, async (worker) => {
      if (way === 'recover') counts.recovered += (await worker.call('recover')).resumed.length
      if (way === 'work') await worker.call('work', 20)
      const drives = tracks.map((track) => drive(worker, way, track, isLast))
      const driven = Promise.all(drives)
      let isOver = false
      const signalling = eventually('the process ends', async () => {
        for (const track of tracks) await signal(track)
        return isOver || undefined
      })
      try {
        const received = await Promise.race([until(worker, driven), failureOf(driven)])
        await worker.kill()
        // Each of them, because the first that sees the death must not hide one that is still counting.
        await Promise.all(drives.map((each) => each.catch((error: unknown) => ignore(error, 'gone'))))
        await autopsy([...received, ...worker.notes], before)
      } finally {
        isOver = true
        await signalling
      }
    })
  }
  return {
    counts,
    problems,
    generation: async ({ way, notes }) => {
      await live({ way, isLast: false }, async (worker) => {
        const received: string[] = []
        while (received.length < notes) received.push(await worker.noted(() => true))
        return received
      })
      counts.kills += 1
    },
    finish: () =>
      live({ way: 'start', isLast: true }, async (_worker, driven) => {
        await driven
        return []
      }),
  }
}

/** Rejects when a promise does, and otherwise stays pending. */
function failureOf(promise: Promise<unknown>): Promise<never> {
  return promise.then(() => new Promise<never>(() => {}))
}

function ignore(error: unknown, code: string): void {
  if ((error as { readonly code?: unknown }).code !== code) throw error
}
