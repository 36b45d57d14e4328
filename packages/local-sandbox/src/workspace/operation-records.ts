import { hash } from 'node:crypto'
import { placeOf } from './disk-layout.ts'
import { DirtyFolders, writeOnce } from './durable-file.ts'
import { removeFile, type ProcessFolder } from './process-folder.ts'
import { encodeRecord, readRecord } from './record-file.ts'
import { fault } from './workspace-fault.ts'

/** What an operation is, apart from its key. */
export interface OperationCall {
  readonly call: 'abort' | 'open' | 'restore' | 'snapshot'
  /** Hash of the run and its session: names of runs are nobody's business who looks at the disk. */
  readonly run: string
  /** What a restore restores. */
  readonly argument?: string
}

/** An operation that was done, with what it gave. */
export interface OperationRecord extends OperationCall {
  readonly ref?: string
  readonly changed?: boolean
  readonly files?: number
  readonly bytes?: number
  readonly writtenBytes?: number
}

/** Operations by their keys. */
export class OperationRecords {
  readonly #process: ProcessFolder

  constructor(process: ProcessFolder) {
    this.#process = process
  }

  path(key: string): string {
    return placeOf(this.#process.layout.operations, hash('sha256', key, 'hex'))
  }

  /** What the operation gave; `undefined` when it was not done. Throws `workspace/conflict` when it was another. */
  async find(key: string, call: OperationCall): Promise<OperationRecord | undefined> {
    const record = await readRecord<OperationRecord>(this.path(key))
    if (record === undefined) return undefined
    if (record.call === call.call && record.run === call.run && record.argument === call.argument)
      return record
    throw fault('conflict', 'This operation was used for another run, session or call. Use a key of its own.')
  }

  /** Records what an operation gave, durably. What counts, if another process was first. */
  async keep(key: string, record: OperationRecord, now: number): Promise<OperationRecord> {
    const dirty = new DirtyFolders()
    const temp = this.#process.temp()
    const file = { temp, path: this.path(key), bytes: encodeRecord(record), touched: now / 1_000 }
    const isFirst = await writeOnce(file, dirty)
    await dirty.sync()
    return isFirst ? record : ((await this.find(key, record)) ?? record)
  }

  /** Forgets what gave a snapshot that is not there any more. */
  async forget(key: string): Promise<void> {
    await removeFile(this.path(key))
  }
}
