import { constants } from 'node:fs'
import { lstat, open, readdir, statfs } from 'node:fs/promises'

/** Looks at a tree's size while a command runs. */
export interface DiskWatch {
  stop(): void
}

/** How often the free room of the file system is asked for: one call that costs some microseconds. */
const lookMs = 25
/** A look at every entry takes at most a tenth of the time, and happens once a second also when nothing seems to change. */
const [share, walkMs] = [10, 1000]

/**
 * Calls `over` once when the tree takes more than `limit` bytes, or than it took before if that was more. The tree is walked when the file system has lost half of the room that
 * was left at the last walk, so that a fast writer is seen at once and a slow one costs little.
 */
export function watchDisk(folder: string, limit: number, over: () => void): DiskWatch {
  let stopped = false
  const watch = async (): Promise<void> => {
    let free = await freeBytes(folder)
    let size = await treeBytes(folder)
    // What is over it already must not grow, and a command may be the one that removes it.
    const most = Math.max(limit, size)
    let next = performance.now() + walkMs
    while (!stopped) {
      if (size > most || size === Infinity) {
        over()
        return
      }
      await new Promise((resolve) => {
        setTimeout(resolve, lookMs).unref()
      })
      const now = performance.now()
      const lost = free - (await freeBytes(folder))
      if (now < next && lost < (most - size) / 2) continue
      free -= lost
      size = await treeBytes(folder)
      next = performance.now() + Math.max(walkMs, (performance.now() - now) * share)
    }
  }
  // A tree that cannot be looked at any more is being removed.
  void watch().catch(() => undefined)
  return {
    stop: () => {
      stopped = true
    },
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bfree, bsize } = await statfs(folder)
  return bfree * bsize
}

/** Bytes that are allocated, so that a hole counts nothing. Folders are held open, so that a link in the place of one leads nowhere. */
export async function treeBytes(folder: string | Buffer, depth = 0): Promise<number> {
  // Each level holds a descriptor. A deeper tree cannot be kept either, and uncounted it would have no limit.
  if (depth > 256) return Infinity
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  const handle = await open(folder, flags).catch(() => undefined)
  if (handle === undefined) return 0
  let sum = 0
  try {
    const held = `/proc/self/fd/${handle.fd}`
    for (const entry of await readdir(held, { withFileTypes: true, encoding: 'buffer' })) {
      const path = Buffer.concat([Buffer.from(`${held}/`), entry.name])
      const facts = await lstat(path).catch(() => undefined)
      sum += (facts?.blocks ?? 0) * 512
      if (entry.isDirectory()) sum += await treeBytes(path, depth + 1)
    }
  } finally {
    await handle.close()
  }
  return sum
}
