import type { DirectoryEntry } from '@belay/core/ports'
import type { Call } from './call-gate.ts'
import { kindOf, type FoundName, type HeldFolder } from './held-folder.ts'
import { atFolder } from './path-walk.ts'

/** Names of one folder that are looked at to find the first ones. A folder with more is listed as if it ended there. */
const mostNames = 1_000_000

/** Facts of entries that are asked for at the same time: as many as Node's thread pool has threads. */
const looksAtOnce = 4

/** Entries and whether there are more. */
export interface Listing {
  readonly entries: readonly DirectoryEntry[]
  readonly truncated: boolean
}

/** The first entries of a folder by name; `undefined` when there is nothing. Holds no more than twice `limit` names. */
export async function listFolder(
  call: Call,
  root: HeldFolder,
  parts: readonly string[],
  limit: number,
): Promise<Listing | undefined> {
  return await atFolder(call, root, parts, async (folder, missing) => {
    if (missing.length > 0) return undefined
    const { first, seen } = await firstNames(call, folder, limit)
    const entries: DirectoryEntry[] = []
    for (let at = 0; at < first.length; at += looksAtOnce) {
      call.check()
      // All are waited for, also when one fails: the folder must not be closed under a look.
      const looked = await Promise.allSettled(
        first
          .slice(at, at + looksAtOnce)
          .map(async ({ found, shown }) => await entryOf(folder, found, shown)),
      )
      for (const look of looked) {
        if (look.status === 'rejected') throw look.reason
        if (look.value !== undefined) entries.push(look.value)
      }
    }
    return { entries, truncated: seen > limit }
  })
}

interface ShownName {
  readonly found: FoundName
  readonly shown: string
}

async function firstNames(
  call: Call,
  folder: HeldFolder,
  limit: number,
): Promise<{ readonly first: readonly ShownName[]; readonly seen: number }> {
  let kept: ShownName[] = []
  let seen = 0
  for await (const found of folder.names()) {
    if (seen % 1_024 === 0) call.check()
    seen += 1
    kept.push({ found, shown: found.name ?? found.bytes.toString() })
    if (kept.length >= 2 * limit) kept = firstOf(kept, limit)
    if (seen > mostNames) break
  }
  return { first: firstOf(kept, limit), seen }
}

const firstOf = (names: readonly ShownName[], limit: number): ShownName[] =>
  names
    .toSorted((left, right) => (left.shown < right.shown ? -1 : left.shown > right.shown ? 1 : 0))
    .slice(0, limit)

/** `undefined` when it has gone meanwhile. A name that is no UTF-8 shows that it is taken; no call can name it. */
async function entryOf(
  folder: HeldFolder,
  found: FoundName,
  shown: string,
): Promise<DirectoryEntry | undefined> {
  if (found.name === undefined) return { name: shown, kind: 'special', size: 0 }
  const stats = await folder.look(found.bytes)
  if (stats === undefined) return undefined
  const kind = kindOf(stats)
  return { name: shown, kind, size: kind === 'file' ? stats.size : 0 }
}
