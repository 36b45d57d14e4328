import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { livenessOf, thisProcess, type ProcessOwner } from './process-owner.ts'

/** A lock whose owner cannot be looked at is stale after this time: longer than an authorization by a person may take. */
const unknownStaleMs = 600_000

/** A claim that is not whole is of a process that died while it wrote it, once it is this old. */
const brokenStaleMs = 10_000

const shortestWaitMs = 5
const longestWaitMs = 100

/** What is locked. */
export interface FileLockInit {
  readonly folder: string
  /** Part of file names. */
  readonly name: string
  /** Throws its reason while the lock is waited for. */
  readonly signal?: AbortSignal
  /** `undefined` comes back when it was not to be had for so long. */
  readonly waitMs: number
}

/**
 * A lock between processes of one host. Whoever wants it writes a claim of its own and then looks for others: of two
 * claims the later one sees the earlier one, so both never have it. A claim is never taken over; one of a dead process
 * is ignored and removed, which is safe because no other process ever writes that name. That is why there is no moment
 * in which two processes take over one stale lock.
 */
export async function acquireFileLock(init: FileLockInit): Promise<(() => Promise<void>) | undefined> {
  const { folder, name, signal, waitMs } = init
  const until = performance.now() + waitMs
  for (let round = 0; ; round++) {
    signal?.throwIfAborted()
    // Looked at first, so that those who wait do not get into each other's way.
    if (!(await isClaimed(folder, name, undefined))) {
      const own = `${name}.${randomUUID()}.lock`
      const path = join(folder, own)
      await writeClaim(folder, path)
      if (!(await isClaimed(folder, name, own))) return () => rm(path, { force: true })
      await rm(path, { force: true })
    }
    if (performance.now() >= until) return undefined
    const longest = Math.min(longestWaitMs, shortestWaitMs * 2 ** Math.min(round, 5))
    // Uneven waits: claims that were made at the same time are not made at the same time again.
    await sleep(longest * (0.5 + Math.random() / 2), undefined, signal && { signal }).catch(() =>
      signal?.throwIfAborted(),
    )
  }
}

/** Appears whole: a claim that can be seen names its owner. */
async function writeClaim(folder: string, path: string): Promise<void> {
  const draft = join(folder, `.${randomUUID()}.draft`)
  try {
    await writeFile(draft, JSON.stringify(thisProcess()), { flag: 'wx', mode: 0o600 })
    await link(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Whether anybody alive has a claim beside `own`. */
async function isClaimed(folder: string, name: string, own: string | undefined): Promise<boolean> {
  let claimed = false
  for (const file of await readdir(folder)) {
    if (file === own || !file.startsWith(`${name}.`) || !file.endsWith('.lock')) continue
    const path = join(folder, file)
    if (await isStale(path)) await rm(path, { force: true })
    else claimed = true
  }
  return claimed
}

async function isStale(path: string): Promise<boolean> {
  let text: string
  let ageMs: number
  try {
    text = await readFile(path, 'utf8')
    ageMs = Date.now() - (await stat(path)).mtimeMs
  } catch (error) {
    // Released between the look into the folder and this one.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
  let owner: ProcessOwner
  try {
    owner = JSON.parse(text) as ProcessOwner
    if (!Number.isSafeInteger(owner.pid) || owner.pid <= 0) return ageMs > brokenStaleMs
  } catch {
    return ageMs > brokenStaleMs
  }
  const liveness = livenessOf(owner)
  return liveness === 'dead' || (liveness === 'unknown' && ageMs > unknownStaleMs)
}
