import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemCode } from '../documents/document-error.ts'

/**
 * Makes a folder with those above it. Not `recursive: true`, which never returns where a file system refuses
 * new folders with ENOENT, as `/proc` does.
 */
export function makeFolder(path: string): void {
  const missing: string[] = []
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    try {
      mkdirSync(folder)
    } catch (error) {
      // Another process may have made it at this moment.
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
}
