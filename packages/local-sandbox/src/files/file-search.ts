import { compileGlob, sandboxLimits, searchLines } from '@belay/core/ports'
import type { GrepOptions, LineMatch, Platform, SearchedFile } from '@belay/core/ports'
import type { Call } from './call-gate.ts'
import { errnoOf, pathFault } from './file-faults.ts'
import { readOpen } from './file-read.ts'
import { kindOf, type HeldFolder } from './held-folder.ts'
import { atFolder, folderBelow, notAFile } from './path-walk.ts'
import * as system from './system-calls.ts'
import { TreeSearch } from './tree-search.ts'

/** Where a search begins. */
export interface SearchPlace {
  readonly root: HeldFolder
  readonly parts: readonly string[]
}

/** Paths of files that match. Nothing at the place is no file. */
export async function globFiles(
  call: Call,
  { root, parts }: SearchPlace,
  options: { readonly pattern: string; readonly limit: number },
): Promise<{ readonly paths: readonly string[]; readonly truncated: boolean }> {
  const glob = compileGlob(options.pattern)
  return await atFolder(call, root, parts, async (folder, missing) => {
    const paths: string[] = []
    if (missing.length > 0) return { paths, truncated: false }
    const enters = (relative: string): boolean => glob.canMatchBelow(relative)
    const search = new TreeSearch({ call, folder, path: call.path, enters })
    for await (const { path, relative } of search.files()) {
      if (!glob.matches(relative)) continue
      if (paths.length === options.limit) return { paths, truncated: true }
      paths.push(path)
    }
    return { paths, truncated: search.isCut }
  })
}

/** What `grepFiles` needs beside the place. */
export interface LineQuery extends GrepOptions {
  readonly pattern: string
  readonly timer: Platform['timer']
}

/** Lines that match, in one file or in those below a folder. */
export async function grepFiles(
  call: Call,
  place: SearchPlace,
  query: LineQuery,
): Promise<{ readonly matches: readonly LineMatch[]; readonly truncated: boolean }> {
  const glob = query.glob === undefined ? undefined : compileGlob(query.glob)
  const source = { isCut: false }
  const files = filesAt(call, place, source, glob)
  try {
    const found = await searchLines(query, files)
    return { matches: found.matches, truncated: found.truncated || source.isCut }
  } finally {
    // The search may be over in the middle of a system call; what that call works on must stay open until it is done.
    await files.return()
  }
}

/** The files of a search with their content, in the order of their paths. */
async function* filesAt(
  call: Call,
  { root, parts }: SearchPlace,
  source: { isCut: boolean },
  glob: ReturnType<typeof compileGlob> | undefined,
): AsyncGenerator<SearchedFile, void, undefined> {
  const start = await startOf(call, root, parts)
  if (start === undefined) return
  if (!('folder' in start)) {
    const name = parts.at(-1) ?? ''
    if (glob === undefined || glob.matches(name)) yield start
    return
  }
  try {
    const enters = (relative: string): boolean => glob?.canMatchBelow(relative) ?? true
    const search = new TreeSearch({ call, folder: start.folder, path: call.path, enters })
    for await (const { path, relative, folder, name } of search.files()) {
      if (glob !== undefined && !glob.matches(relative)) continue
      const file = await contentOf(call, { folder, name, path }, source)
      if (file !== undefined) yield file
    }
    source.isCut ||= search.isCut
  } finally {
    await start.folder.close()
  }
}

/** The folder where a search begins, to be closed, or the file that is searched alone. */
async function startOf(
  call: Call,
  root: HeldFolder,
  parts: readonly string[],
): Promise<{ readonly folder: HeldFolder } | SearchedFile | undefined> {
  const name = parts.at(-1)
  if (name === undefined) return { folder: await root.again() }
  return await atFolder(call, root, parts.slice(0, -1), async (folder, missing) => {
    const stats = missing.length > 0 ? undefined : await folder.look(name)
    if (stats === undefined) return undefined
    const kind = kindOf(stats)
    if (kind === 'link' || kind === 'special') throw pathFault(call.path, kind)
    if (kind === 'directory') {
      const start = await folderBelow(call, folder, name)
      return start && { folder: start }
    }
    return await contentOf(call, { folder, name, path: call.path })
  })
}

/** A file with its bytes. In a search, what cannot be read or is no file any more is left out; alone it is refused. */
async function contentOf(
  call: Call,
  found: { readonly folder: HeldFolder; readonly name: string; readonly path: string },
  source?: { isCut: boolean },
): Promise<SearchedFile | undefined> {
  const { folder, name, path } = found
  try {
    const file = await folder.openFile(name)
    if (file === undefined) return undefined
    if (typeof file === 'string') {
      if (source !== undefined || file === 'file') return undefined
      throw notAFile(path, file)
    }
    const limit = sandboxLimits.textBytes
    if (file.stats.size > limit) {
      await system.close(file.fd)
      return { path }
    }
    const { bytes, truncated } = await readOpen(call, file, { offset: 0, limit })
    return truncated ? { path } : { path, bytes }
  } catch (error) {
    if (source === undefined || errnoOf(error) !== 'EACCES') throw error
    source.isCut = true
    return undefined
  }
}
