import { lstatSync, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { SweepResult } from '@belay/core/ports'
import { isCodedError } from '@belay/core/ports'
import type { ContentStore } from './content-store.ts'
import { hashOf } from './disk-layout.ts'
import { readWord } from './live-workspace.ts'
import { loadFolder } from './node-loading.ts'
import type { OperationRecord } from './operation-records.ts'
import {
  namesIn,
  processFoldersOf,
  removeAbandoned,
  removeFile,
  type ProcessFolder,
} from './process-folder.ts'
import { readRecord } from './record-file.ts'
import type { RefRecord, RefRecords } from './ref-records.ts'
import { removeUntouched, type SeenFile } from './sweep-trash.ts'
import { TimeSlices } from './time-slices.ts'

/** What a sweep works with. */
export interface SweepParts {
  readonly process: ProcessFolder
  readonly trees: ContentStore
  readonly refs: RefRecords
  readonly retentionMs: number | undefined
}

/** What a sweep keeps. */
export interface SweepRequest {
  /** Nodes of live snapshots. */
  readonly live: ReadonlySet<string>
  readonly graceMs: number
  /** By the adapter's clock. */
  readonly now: number
}

/**
 * Removes what nothing needs any more, beside processes that make snapshots meanwhile. Nobody locks; the order is the
 * protection, so it must stay as it is:
 *
 * 1. Contents are listed, with the time of their touch.
 * 2. Intents are read. What was touched since the oldest of them stays.
 * 3. Dead snapshots are removed, each unless it was touched since it was seen.
 * 4. Snapshots that are left and bases of open workspaces are read, and all that they hold stays.
 * 5. Of the contents of the list, those go that nobody holds, each unless it was touched since it was seen.
 *
 * A snapshot writes its intent, then touches or writes each content that its base does not hold, then makes its record,
 * then its base, and then removes its intent. So when a content of it is in the list of 1 and untouched later, its
 * intent is seen in 2 or its record or base in 4. A restore names its base before it touches the record.
 */
export async function sweepSnapshots(parts: SweepParts, request: SweepRequest): Promise<SweepResult> {
  const { layout } = parts.process
  await removeAbandoned(layout)
  const contents = [...(await listContents(layout.objects)), ...(await listContents(layout.trees))]
  const since = oldestIntent(parts.process)
  const removed = await sweepRefs(parts, request)
  const held = await heldContents(parts)
  let bytes = 0
  for (const content of contents) {
    if (content.mtimeMs >= since || held.has(hashOf(content.path))) continue
    if (await removeUntouched(parts.process, content)) bytes += content.size
  }
  await forgetOperations(parts, request)
  return { removed, bytes }
}

async function listContents(folder: string): Promise<readonly SeenFile[]> {
  const seen: SeenFile[] = []
  const slices = new TimeSlices(undefined)
  for (const shard of namesIn(folder)) {
    for (const name of namesIn(`${folder}/${shard}`)) {
      const file = seenFile(`${folder}/${shard}/${name}`)
      if (file !== undefined) seen.push(file)
      if (slices.isOver) await slices.pause()
    }
  }
  return seen
}

function seenFile(path: string): SeenFile | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  const { ino, mtimeMs, size } = found
  return { path, ino, mtimeMs, size }
}

function workspaceFolders(process: ProcessFolder): readonly string[] {
  return processFoldersOf(process.layout).flatMap((folder) =>
    namesIn(`${folder}/trees`).map((handle) => `${folder}/trees/${handle}`),
  )
}

/** When the oldest snapshot began that is under way in any process; without one, no time is late enough. */
function oldestIntent(process: ProcessFolder): number {
  const times = workspaceFolders(process).map(
    (folder) => statSync(`${folder}/intent`, { throwIfNoEntry: false })?.mtimeMs ?? Infinity,
  )
  return times.reduce((oldest, time) => Math.min(oldest, time), Infinity)
}

async function sweepRefs(parts: SweepParts, { live, graceMs, now }: SweepRequest): Promise<number> {
  const { refs, process, retentionMs = Infinity } = parts
  let removed = 0
  for (const node of namesIn(process.layout.refs)) {
    const seen = seenFile(refs.path(node))
    if (seen === undefined) continue
    const touchedAt = Math.round(seen.mtimeMs)
    const record = await readRecord<RefRecord>(seen.path).catch(ignoreCorrupt)
    const isExpired = record?.expired === true
    const made = record?.made ?? touchedAt
    if (live.has(node) ? now - made <= retentionMs : now - touchedAt <= graceMs) continue
    if (live.has(node)) {
      if (isExpired) continue
      const rest: RefRecord = { files: record?.files ?? 0, bytes: record?.bytes ?? 0, made, expired: true }
      // Whoever makes the same snapshot meanwhile does not find it, and writes a record that replaces this one.
      const leave = (): Promise<void> => refs.leaveExpired(node, rest, touchedAt)
      if (await removeUntouched(process, seen, leave)) removed++
    } else if (await removeUntouched(process, seen)) {
      removed += isExpired ? 0 : 1
    }
  }
  return removed
}

function ignoreCorrupt(error: unknown): undefined {
  if (!isCodedError(error, 'workspace/corrupt')) throw error
}

/** Hashes of all contents of snapshots that are kept, and of those that open workspaces are compared with. */
async function heldContents({ process, trees, refs }: SweepParts): Promise<ReadonlySet<string>> {
  const held = new Set<string>()
  const roots = new Set<string>()
  for (const node of namesIn(process.layout.refs)) {
    const record = await readRecord<RefRecord>(refs.path(node)).catch(ignoreCorrupt)
    if (record?.expired !== true) roots.add(node)
  }
  for (const folder of workspaceFolders(process)) {
    const base = readWord(folder, 'base')
    if (base !== undefined) roots.add(base)
  }
  const left = [...roots]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (held.has(node)) continue
    held.add(node)
    // A folder that cannot be read cannot be restored, and what it alone holds is of no use.
    const folder = await loadFolder(trees, node).catch(ignoreCorrupt)
    for (const name of folder?.nodes ?? []) held.add(name)
    for (const [, entry] of folder?.entries ?? []) {
      if (entry.kind === 'folder') left.push(entry.hash)
      else if (entry.kind === 'file') held.add(entry.hash)
    }
  }
  return held
}

/** Operations whose snapshot is gone, and marks of runs of which nothing else is known. */
async function forgetOperations({ process, refs }: SweepParts, request: SweepRequest): Promise<void> {
  const { operations, runs } = process.layout
  const known = new Set<string>()
  for (const { path, mtimeMs } of await listContents(operations)) {
    const isOld = request.now - Math.round(mtimeMs) > request.graceMs
    const record = await readRecord<OperationRecord>(path).catch(ignoreCorrupt)
    const hasRef = record?.ref !== undefined && (await isThere(refs.path(record.ref)))
    if (!hasRef && isOld) await removeFile(path)
    else if (record !== undefined && record.call !== 'abort') known.add(record.run)
  }
  for (const run of namesIn(runs)) {
    const mark = seenFile(`${runs}/${run}`)
    if (mark === undefined || known.has(run)) continue
    if (request.now - Math.round(mark.mtimeMs) > request.graceMs) await removeFile(mark.path)
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}
