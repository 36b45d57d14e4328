import { mkdirSync } from 'node:fs'
import { inMemoryFiles } from '@belay/core'
import type { SandboxAdapter, WorkspaceAdapter } from '@belay/core/ports'
import { localWorkspace } from '@belay/local-sandbox'
import { tempFolder } from './temp-folder.ts'

/** What a harness gets for its files. */
export interface Files {
  readonly sandbox: SandboxAdapter
  readonly workspace: WorkspaceAdapter
}

/** Where snapshots outlive the processes of a schedule. */
export interface FilesPlace {
  /** As a new process has it. */
  open(): Files
  close(): Promise<void>
}

/** One object for all: in memory the place is the object. */
function inMemoryPlace(): FilesPlace {
  const { sandbox, workspace } = inMemoryFiles()
  const keepOpen = async (): Promise<void> => undefined
  return {
    open: () => ({ sandbox: { ...sandbox, close: keepOpen }, workspace: { ...workspace, close: keepOpen } }),
    close: async () => {
      await sandbox.close()
      await workspace.close()
    },
  }
}

/** One folder for all; every process opens it anew. */
function localPlace(): FilesPlace {
  const folder = tempFolder()
  const root = folder.file('files')
  mkdirSync(root)
  const opened: Files[] = []
  return {
    open: () => {
      const files = localWorkspace({ root })
      opened.push(files)
      return files
    },
    close: async () => {
      for (const { sandbox } of opened) await sandbox.close()
      for (const { workspace } of opened) await workspace.close()
      folder.remove()
    },
  }
}

/** The sorts of files that scenarios are crossed with. */
export const filePlaces: Readonly<Record<'in-memory' | 'local', () => FilesPlace>> = {
  'in-memory': inMemoryPlace,
  local: localPlace,
}
