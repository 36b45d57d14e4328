import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { DocumentError, systemCode } from '../documents/document-error.ts'
import { makeFolder } from '../files/make-folder.ts'
import { workspacesOf } from './job.ts'

/** Makes the folders of the report, the database and the workspaces, before anything is paid for. Throws `DocumentError`. */
export function prepareOutput(out: string, db: string): void {
  for (const [what, folder] of [
    ['output folder', out],
    ['folder of the database', dirname(db)],
    ['folder of the workspaces', workspacesOf(db)],
  ] as const) {
    try {
      makeFolder(folder)
      accessSync(folder, constants.W_OK | constants.X_OK)
    } catch (error) {
      throw new DocumentError(
        `The ${what} ${folder} cannot be written (${systemCode(error) ?? String(error)}).`,
      )
    }
  }
}
