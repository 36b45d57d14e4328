import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own for one test or one schedule. */
export interface TempFolder {
  readonly path: string
  /** A path in the folder. */
  file(name: string): string
  remove(): void
}

/**
 * Makes a fresh folder, in memory where the system offers it: what dies here is processes, never the machine, so
 * thousands of files do not have to wait for a disk.
 */
export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(fastestFolder(), 'belay-conformance-'))
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

function fastestFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch {
    return tmpdir()
  }
}
