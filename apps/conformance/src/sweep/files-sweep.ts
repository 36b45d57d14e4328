import { isDeepStrictEqual } from 'node:util'
import { defineHarness, nodePlatform } from '@belay/core'
import type { Json, Store } from '@belay/core/ports'
import { faultyStore, processPlatform } from '@belay/testing'
import type { StorePlace, StorePlaceFactory } from '@belay/testing'
import type { FilesPlace } from '../support/file-places.ts'
import { filesFlow, filesFlowOutput } from './files-flow.ts'
import { mortalFiles } from './mortal-files.ts'

/** Where a process dies: at a call of its store or of its files. */
interface Crash {
  readonly of: 'store' | 'files'
  readonly at: number
  readonly side: 'before' | 'after'
}

/** What a sweep found. */
export interface FilesSweepReport {
  readonly boundaries: number
  readonly kills: number
  readonly problems: readonly string[]
}

interface AttemptInit {
  readonly store: Store
  readonly files: FilesPlace
  readonly owner: string
  readonly dead: Set<string>
  readonly crash: Crash | undefined
}

interface AttemptEnd {
  /** Absent: it was killed. */
  readonly output: Json | undefined
  readonly storeCalls: number
  readonly fileCalls: number
}

const runId = 'r'

async function runAttempt(init: AttemptInit): Promise<AttemptEnd> {
  const { owner, dead, crash } = init
  const faults = crash?.of === 'store' ? [{ at: crash.at, side: crash.side, effect: 'die' as const }] : []
  const store = faultyStore(init.store, faults, () => dead.add(owner))
  const files = mortalFiles(init.files.open(), store, crash?.of === 'files' ? crash : undefined)
  const harness = defineHarness({
    name: 'files',
    models: {},
    workflows: { files: filesFlow(() => undefined) },
    store,
    platform: processPlatform(nodePlatform(), owner, dead),
    sandbox: files.sandbox,
    workspace: files.workspace,
  })
  const run = async (): Promise<Json> => {
    const session = await harness.getSession('s')
    const output = await session.workflows.files.run(null, { durable: { runId } })
    await harness.shutdown()
    return output
  }
  const output = await Promise.race([run(), store.death.then(() => undefined)])
  await store.settled()
  return { output, storeCalls: store.calls(), fileCalls: files.calls() }
}

/** One process that dies at `crash`, and one that is left in peace. */
async function runSchedule(
  places: StorePlaceFactory,
  filesPlace: () => FilesPlace,
  crash: Crash | undefined,
): Promise<AttemptEnd & { readonly kills: number; readonly problems: readonly string[] }> {
  const place: Pick<StorePlace, 'open' | 'close'> = await places()
  const files = filesPlace()
  const dead = new Set<string>()
  let kills = 0
  try {
    for (let attempt = 1; ; attempt++) {
      const store = await place.open()
      const planned = attempt === 1 ? crash : undefined
      const end = await runAttempt({ store, files, owner: `process-${attempt}`, dead, crash: planned })
      await store.close()
      if (end.output !== undefined)
        return { ...end, kills, problems: await problemsOf(place, files, end.output) }
      kills++
    }
  } finally {
    await files.close()
    await place.close()
  }
}

/** Files of steps that are not recorded show in the output; a name without its snapshot cannot be restored. */
async function problemsOf(
  place: Pick<StorePlace, 'open'>,
  files: FilesPlace,
  output: Json,
): Promise<string[]> {
  const problems: string[] = []
  if (!isDeepStrictEqual(output, filesFlowOutput)) problems.push(`the output is ${JSON.stringify(output)}`)
  const store = await place.open()
  const entries = await store.journal.read(`run/${runId}`)
  await store.close()
  const { workspace } = files.open()
  for (const { type, position, data } of entries) {
    if (type !== 'workspace.snapshotted') continue
    const { key, ref } = data as unknown as { readonly key: string; readonly ref: string }
    const next = entries[position]?.data as { readonly key?: string } | undefined
    if (next?.key !== key) problems.push(`the snapshot at ${position} stands without its result`)
    const operation = { operation: `check/${position}`, runId: 'check', sessionId: 'check' }
    const opened = await workspace.restore({ ...operation, ref }).catch((error: unknown) => error as Error)
    if (opened instanceof Error) problems.push(`the snapshot at ${position}: ${opened.message}`)
    else await workspace.release(opened.handle)
  }
  return problems
}

/**
 * Kills the flow of files before and after each call of its store and of its files, and goes on in a new process. With
 * `every` over 1 only each so manieth boundary is tried, from `offset` on.
 */
export async function filesSweep(
  places: StorePlaceFactory,
  filesPlace: () => FilesPlace,
  share: { readonly every: number; readonly offset: number },
): Promise<FilesSweepReport> {
  const first = await runSchedule(places, filesPlace, undefined)
  const problems = first.problems.map((problem) => `undisturbed: ${problem}`)
  let [boundaries, kills] = [0, 0]
  const all = (['store', 'files'] as const).flatMap((of) =>
    Array.from({ length: of === 'store' ? first.storeCalls : first.fileCalls }, (_, index) =>
      (['before', 'after'] as const).map((side) => ({ of, at: index + 1, side })),
    ).flat(),
  )
  for (const [index, crash] of all.entries()) {
    if (index % share.every !== share.offset % share.every) continue
    boundaries++
    const schedule = await runSchedule(places, filesPlace, crash)
    kills += schedule.kills
    const where = `killed ${crash.side} call ${crash.at} of the ${crash.of}`
    problems.push(...schedule.problems.map((problem) => `${where}: ${problem}`))
  }
  return { boundaries, kills, problems }
}
