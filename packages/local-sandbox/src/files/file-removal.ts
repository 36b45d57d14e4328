import type { Call } from './call-gate.ts'
import type { WritePlace } from './file-write.ts'
import { atFolder } from './path-walk.ts'
import { emptyFolder, removeName } from './tree-removal.ts'

/** Removes what is at a path; the place itself is emptied. Whether there was something. */
export async function removeFile(
  call: Call,
  { root, usage }: Pick<WritePlace, 'root' | 'usage'>,
  parts: readonly string[],
): Promise<boolean> {
  return await usage.change(async () => {
    const name = parts.at(-1)
    // A folder holds any number of files, and one that was not removed whole holds fewer: it is counted again.
    if (name === undefined) return await emptyFolder(call, root).finally(() => usage.forget())
    return await atFolder(call, root, parts.slice(0, -1), async (folder, missing) => {
      const before = missing.length > 0 ? undefined : await folder.look(name)
      if (before === undefined) return false
      if (before.isDirectory()) usage.forget()
      const isRemoved = await removeName(call, folder, name)
      if (isRemoved && !before.isDirectory()) usage.record(before.isFile() ? before.size : 0, undefined)
      return isRemoved
    })
  })
}
