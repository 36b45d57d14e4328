import { utimes } from 'node:fs/promises'
import { DirtyFolders, replaceFile, syncFolder, writeOnce } from './durable-file.ts'
import { rescue, type ProcessFolder } from './process-folder.ts'
import { encodeRecord, readRecord } from './record-file.ts'
import { failedWith, fault } from './workspace-fault.ts'

/** What is known of a snapshot beside its tree. */
export interface RefRecord {
  readonly files: number
  readonly bytes: number
  /** When a snapshot gave it last, by the adapter's clock: its retention begins then. */
  readonly made: number
  /** Its retention is over and its tree was swept; the record says so until nobody names it any more. */
  readonly expired?: true
}

const refForm = /^tree1:([0-9a-f]{64})$/

/** The ref of a tree: its form and the hash of its node, with which all that it holds is checked. */
export const refOf = (node: string): string => `tree1:${node}`

/** The node that a ref names. Throws `workspace/invalid-ref`. */
export function nodeOf(ref: string): string {
  const node = refForm.exec(ref)?.[1]
  if (node !== undefined) return node
  throw fault(
    'invalidRef',
    'This is not a ref of a local workspace: one is `tree1:` and 64 lower-case hex digits',
  )
}

/** The records of snapshots. Each has as its time of modification when it was last made, given or restored. */
export class RefRecords {
  readonly #process: ProcessFolder

  constructor(process: ProcessFolder) {
    this.#process = process
  }

  path(node: string): string {
    return `${this.#process.layout.refs}/${node}`
  }

  /** The record, without a touch; `undefined` when there is none. Throws `workspace/corrupt`. */
  async read(node: string): Promise<RefRecord | undefined> {
    const path = this.path(node)
    const record = await readRecord<RefRecord>(path)
    if (record !== undefined || !(await rescue(this.#process.layout, path))) return record
    return readRecord<RefRecord>(path)
  }

  /** The record with a new touch; `undefined` when there is none. Throws `workspace/corrupt`. */
  async touch(node: string, now: number): Promise<RefRecord | undefined> {
    const path = this.path(node)
    try {
      await utimes(path, now / 1_000, now / 1_000)
    } catch (error) {
      if (!failedWith(error, 'ENOENT')) throw error
      if (!(await rescue(this.#process.layout, path))) return undefined
      return this.touch(node, now)
    }
    return readRecord<RefRecord>(path)
  }

  /** Makes a snapshot known, durably, as made now. Everything that it names must be durable. */
  async keep(node: string, record: RefRecord, retentionMs: number | undefined): Promise<void> {
    const there = await this.touch(node, record.made).catch(() => undefined)
    // Without a retention nobody asks when it was made, and a tree that did not change writes nothing.
    const isCurrent = there?.expired !== true && (retentionMs === undefined || there?.made === record.made)
    if (there === undefined || !isCurrent) return this.#write(node, record)
    // Another process may have made it and not made it durable yet.
    return syncFolder(this.#process.layout.refs)
  }

  /** In the place of a record that a sweep took away; one that was made meanwhile stays. */
  async leaveExpired(node: string, record: RefRecord, touched: number): Promise<void> {
    const dirty = new DirtyFolders()
    const temp = this.#process.temp()
    const file = { temp, path: this.path(node), bytes: encodeRecord(record), touched: touched / 1_000 }
    await writeOnce(file, dirty)
    await dirty.sync()
  }

  async #write(node: string, record: RefRecord): Promise<void> {
    const dirty = new DirtyFolders()
    const file = { temp: this.#process.temp(), path: this.path(node), bytes: encodeRecord(record) }
    await replaceFile({ ...file, touched: record.made / 1_000 }, dirty)
    await dirty.sync()
  }
}
