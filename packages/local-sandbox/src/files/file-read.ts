import type { FileContent, FileFacts } from '@belay/core/ports'
import type { Call } from './call-gate.ts'
import type { HeldFile, HeldFolder } from './held-folder.ts'
import { atFolder, notAFile, requireOrdinary, splitParts } from './path-walk.ts'
import * as system from './system-calls.ts'

/** Bytes that one system call brings: an abort waits for no more than these. */
const bytesAtOnce = 1_048_576

/** Which bytes of a file. */
export interface ReadRange {
  readonly offset: number
  readonly limit: number
}

/** A part of a file below a held folder; `undefined` when there is nothing. */
export async function readFile(
  call: Call,
  root: HeldFolder,
  parts: readonly string[],
  range: ReadRange,
): Promise<FileContent | undefined> {
  const { folders, name } = splitParts(call, parts)
  return await atFolder(call, root, folders, async (folder, missing) => {
    if (missing.length > 0) return undefined
    const file = await folder.openFile(name)
    if (file === undefined) return undefined
    if (typeof file === 'string') throw notAFile(call.path, file === 'file' ? 'special' : file)
    return await readOpen(call, file, range)
  })
}

/** Reads an open file and closes it. A file that grows or shrinks meanwhile gives what was read and its last size. */
export async function readOpen(
  call: Call,
  file: HeldFile,
  { offset, limit }: ReadRange,
): Promise<FileContent> {
  try {
    const bytes = new Uint8Array(Math.min(limit, Math.max(0, file.stats.size - offset)))
    let length = 0
    while (length < bytes.length) {
      call.check()
      const wanted = Math.min(bytesAtOnce, bytes.length - length)
      const { bytesRead } = await system.read(file.fd, bytes, length, wanted, offset + length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    const after = length === file.stats.size ? file.stats.size : (await system.fstat(file.fd)).size
    const size = length > 0 ? Math.max(after, offset + length) : after
    return { bytes: bytes.subarray(0, length), size, truncated: offset + length < size }
  } finally {
    await system.close(file.fd)
  }
}

/** Facts of a file or a directory; `undefined` when there is nothing. */
export async function statFile(
  call: Call,
  root: HeldFolder,
  parts: readonly string[],
): Promise<FileFacts | undefined> {
  const name = parts.at(-1)
  const stats =
    name === undefined
      ? await root.facts()
      : await atFolder(call, root, parts.slice(0, -1), async (folder, missing) =>
          missing.length > 0 ? undefined : await folder.look(name),
        )
  if (stats === undefined) return undefined
  const kind = requireOrdinary(call.path, stats)
  const size = kind === 'file' ? stats.size : 0
  return { kind, size, mode: stats.mode & 0o777, modifiedAt: stats.mtimeMs }
}
