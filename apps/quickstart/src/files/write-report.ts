import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DocumentError, systemCode } from '../documents/document-error.ts'
import { makeFolder } from './make-folder.ts'

/**
 * Writes `report.md` whole or not at all: a reader sees the old report or the new one, also when the process
 * or the machine dies. The temporary name is the step's own, so a repeated attempt replaces what the first left.
 */
export async function writeReport(out: string, markdown: string, attemptKey: string): Promise<string> {
  const target = join(out, 'report.md')
  const temporary = join(out, `.report-${attemptKey.replace(/[^A-Za-z0-9_-]/g, '-')}.tmp`)
  try {
    makeFolder(out)
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(markdown)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new DocumentError(
      `The report cannot be written to ${target} (${systemCode(error) ?? String(error)}).`,
    )
  }
  await syncFolder(out)
  return target
}

/** Makes the new name last; systems that cannot open a folder have no need of it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
