import { dirname, join } from 'node:path'
import { rootFolders } from '../tree.ts'

/**
 * Folders below `<root>/workspaces`. What has to survive is in the first five; `live` holds one folder for each process
 * and adapter object: `<owner>.<random>/{temp,trash,trees/<handle>/{run,base,intent,building,tree}}`.
 */
export interface DiskLayout {
  readonly root: string
  /** Contents of files, by SHA-256. Bits of the mode are facts of an entry and not content. */
  readonly objects: string
  /** Nodes of directories, by SHA-256. Apart from files, so that no file of a tree is ever read as a node. */
  readonly trees: string
  /** One record for each snapshot; its time of modification is its touch by the adapter's clock. */
  readonly refs: string
  /** Results of operations, by the hash of their key. */
  readonly operations: string
  /** Runs that were aborted. */
  readonly runs: string
  readonly live: string
}

export function layoutOf(applicationRoot: string): DiskLayout {
  const root = join(applicationRoot, rootFolders.workspaces)
  const folder = (name: string): string => join(root, name)
  return {
    root,
    objects: folder('objects'),
    trees: folder('trees'),
    refs: folder('refs'),
    operations: folder('operations'),
    runs: folder('runs'),
    live: folder('live'),
  }
}

/** The place of a hash: 256 folders keep each of them small. */
export function placeOf(folder: string, hash: string): string {
  return `${folder}/${hash.slice(0, 2)}/${hash.slice(2)}`
}

/** The hash whose place this is. */
export function hashOf(place: string): string {
  return `${dirname(place).slice(-2)}${place.slice(place.lastIndexOf('/') + 1)}`
}
