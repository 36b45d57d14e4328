import { randomUUID } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Call } from './files/call-gate.ts'
import { errnoOf } from './files/file-faults.ts'
import { HeldFolder, whileHeld } from './files/held-folder.ts'
import { removeName } from './files/tree-removal.ts'
import { isOwnerGone, ownerOfThisProcess } from './process-owner.ts'
import { rootFolders, type Place } from './tree.ts'

/** The folder of one open sandbox. */
export interface SandboxFolder {
  readonly place: Place
  /** Removes it with all that is in it, but not a workspace that lies elsewhere. */
  remove(): Promise<void>
}

/** Makes the folder of a sandbox; `workspace` is a tree that is there already. */
export async function makeSandboxFolder(root: string, workspace: string | undefined): Promise<SandboxFolder> {
  const all = join(root, rootFolders.sandboxes)
  const name = `${ownerOfThisProcess()}.${randomUUID()}`
  const own = join(all, name)
  const place: Place = {
    workspace: workspace ?? join(own, 'workspace'),
    skills: join(own, 'skills'),
    scratch: join(own, 'scratch'),
    staging: join(own, 'staging'),
  }
  const remove = async (): Promise<void> => await removeBelow(all, name)
  try {
    await mkdir(own, { mode: 0o700 })
    for (const folder of Object.values(place)) if (folder !== workspace) await mkdir(folder, { mode: 0o700 })
    return { place, remove }
  } catch (error) {
    await remove().catch(() => undefined)
    throw error
  }
}

/** Removes what processes left that are certainly gone. `failed` hears of what could not be removed. */
export async function removeStaleFolders(
  root: string,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const all = join(root, rootFolders.sandboxes)
  for (const name of await readdir(all)) {
    if (signal.aborted) return
    if (!isOwnerGone(name.slice(0, Math.max(0, name.lastIndexOf('.'))))) continue
    await removeBelow(all, name, () => signal.throwIfAborted()).catch((error: unknown) => {
      if (!signal.aborted) failed(error)
    })
  }
}

async function removeBelow(all: string, name: string, check: Call['check'] = () => undefined): Promise<void> {
  await whileHeld(await HeldFolder.open(all), async (folder) => {
    await removeName({ path: '/workspace', check }, folder, name)
  }).catch((error: unknown) => {
    // The application removed its root: there is nothing left.
    if (errnoOf(error) !== 'ENOENT') throw error
  })
}
