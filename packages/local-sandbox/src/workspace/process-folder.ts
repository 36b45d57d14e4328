import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { link, unlink } from 'node:fs/promises'
import { isOwnerGone, isOwnerHere, ownerOfThisProcess } from '../process-owner.ts'
import { layoutOf, type DiskLayout } from './disk-layout.ts'
import { syncFolder } from './durable-file.ts'
import { removeTree } from './tree-removal.ts'
import { failedWith } from './workspace-fault.ts'

/** A week without any call: the process is of another container or machine, where nobody here can look. */
const abandonedMs = 7 * 86_400_000

/** What one adapter object has on disk for itself. Its name says whose it is, so that a sweep can tell when that is gone. */
export interface ProcessFolder {
  readonly layout: DiskLayout
  readonly path: string
  /** Workspaces that are open here. */
  readonly trees: string
  /** What a sweep of this object is about to remove. */
  readonly trash: string
  /** A path for a file that is not whole yet. */
  temp(): string
}

/** Makes the folders of a root, and one for this object. */
export async function openProcessFolder(root: string): Promise<ProcessFolder> {
  const layout = layoutOf(root)
  const made = mkdirSync(layout.root, { recursive: true, mode: 0o700 })
  for (const folder of Object.values(layout)) mkdirSync(folder, { recursive: true, mode: 0o700 })
  await syncFolder(layout.root)
  if (made !== undefined) await syncFolder(root)
  const path = `${layout.live}/${ownerOfThisProcess()}.${randomUUID()}`
  const folder = (name: string): string => `${path}/${name}`
  for (const each of [path, folder('temp'), folder('trees'), folder('trash')])
    mkdirSync(each, { mode: 0o700 })
  return {
    layout,
    path,
    trees: folder('trees'),
    trash: folder('trash'),
    temp: () => `${path}/temp/${randomUUID()}`,
  }
}

/** Folders of all objects whose process may be there. */
export function processFoldersOf(layout: DiskLayout): readonly string[] {
  return namesIn(layout.live).map((name) => `${layout.live}/${name}`)
}

/** Removes what processes that are gone have left; files that their sweep did not finish removing come back first. */
export async function removeAbandoned(layout: DiskLayout): Promise<void> {
  for (const folder of processFoldersOf(layout)) {
    const owner = folder.slice(layout.live.length + 1).split('.')[0] ?? ''
    // A process that is seen from here may rest as long as it likes.
    if (!isOwnerGone(owner) && (isOwnerHere(owner) || !isAbandoned(folder))) continue
    for (const name of namesIn(`${folder}/trash`)) await putBack(layout, folder, name)
    await removeTree(folder)
  }
}

function isAbandoned(folder: string): boolean {
  // Every call makes or removes something in one of these.
  const times = [folder, `${folder}/trees`, `${folder}/temp`].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  )
  return Date.now() - Math.max(...times) > abandonedMs
}

/** How a file of a store is called in a trash. */
export const trashName = (layout: DiskLayout, path: string): string =>
  path.slice(layout.root.length + 1).replaceAll('/', '.')

/** Brings a file back from the trash of a sweep. Whether it was there. */
async function putBack(layout: DiskLayout, folder: string, name: string): Promise<boolean> {
  const path = `${layout.root}/${name.replaceAll('.', '/')}`
  try {
    await link(`${folder}/trash/${name}`, path)
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return false
    if (!failedWith(error, 'EEXIST')) throw error
  }
  return true
}

/** Brings a file back that a sweep is about to remove, or that was left so by one that was killed. */
export async function rescue(layout: DiskLayout, path: string): Promise<boolean> {
  const name = trashName(layout, path)
  for (const folder of processFoldersOf(layout)) if (await putBack(layout, folder, name)) return true
  return false
}

/** Names in a folder; none when it is not there. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

/** Removes a file that may be gone already. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error
  }
}
