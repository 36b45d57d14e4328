import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { failedWith, fault } from './workspace-fault.ts'

/** A record with its own checksum: what is known of a snapshot or an operation is never half or changed. */
export function encodeRecord(record: object): Buffer {
  return Buffer.from(withSum(JSON.stringify(record)))
}

const withSum = (text: string): string => `${text}\n${hash('sha256', text, 'hex')}\n`

/** The record at a path, or `undefined`. Throws `workspace/corrupt`. */
export async function readRecord<T extends object>(path: string): Promise<T | undefined> {
  let content: string
  try {
    content = await readFile(path, 'utf8')
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined
    throw error
  }
  const [text = ''] = content.split('\n', 1)
  if (withSum(text) !== content) {
    throw fault('corrupt', 'A record of the workspaces does not match its checksum; its file was changed')
  }
  return JSON.parse(text) as T
}
