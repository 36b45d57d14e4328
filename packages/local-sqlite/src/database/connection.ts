import { isCodedError } from '@belay/core/ports'
import { tablesOf } from '../tables.ts'
import type { Tables } from '../tables.ts'
import type { StoreSettings } from '../store-options.ts'
import { nextTurn } from '../next-turn.ts'
import { loadDriver } from './driver.ts'
import type { Database, OpenDriver } from './driver.ts'
import { faultOf, isBusy, lockedFault } from './fault.ts'
import { checkFile } from './file-check.ts'
import { driverTimeoutMs, pauseForLock } from './lock-backoff.ts'
import { prepareDatabase } from './open.ts'

/** An open database that is trusted. */
export interface OpenDatabase {
  readonly db: Database
  readonly tables: Tables
}

/** The one connection of a store: opened when it is needed, given up when it is in doubt. */
export interface Connection {
  /** The open database, if it is open now. */
  current(): OpenDatabase | undefined
  /** Opens it if it is not open; calls at once share one attempt. Throws any `store/*`. */
  open(): Promise<OpenDatabase>
  /** Runs one synchronous look at the tables. Throws named faults and what `look` throws. */
  read<T>(look: (tables: Tables) => T): Promise<T>
  /**
   * After an error of the file: the connection is closed and never used again. The next call opens a new
   * one, which checks the file and moves the log into it before anything else is written.
   */
  distrust(): void
  /** Moves the log into the file and closes. */
  close(): void
}

/** Makes a connection; nothing is opened yet. */
export function connectionOf({ file, synchronous, busyTimeoutMs }: StoreSettings): Connection {
  let opened: OpenDatabase | undefined
  let opening: Promise<OpenDatabase> | undefined
  let isDoubted = false

  const openOnce = (openDriver: OpenDriver): OpenDatabase => {
    checkFile(file)
    const db = openDriver(file, { timeout: driverTimeoutMs })
    try {
      prepareDatabase(db, file, synchronous)
      // After a failed sync the kernel may hold pages that it never wrote; writing them again is the cure.
      if (isDoubted) db.pragma('wal_checkpoint(TRUNCATE)')
      const tables = tablesOf(db)
      tables.leases.verify()
      return { db, tables }
    } catch (error) {
      closeQuietly(db)
      throw error
    }
  }

  const openPatiently = async (): Promise<OpenDatabase> => {
    const openDriver = await loadDriver()
    const start = performance.now()
    for (let attempt = 0; ; attempt += 1) {
      try {
        opened = openOnce(openDriver)
        isDoubted = false
        return opened
      } catch (error) {
        if (!isBusy(error)) throw faultOf(error, file) ?? error
        if (performance.now() - start >= busyTimeoutMs) throw lockedFault(file, busyTimeoutMs, error)
      }
      await pauseForLock(attempt)
    }
  }

  const open = (): Promise<OpenDatabase> => {
    if (opened !== undefined) return Promise.resolve(opened)
    opening ??= openPatiently().finally(() => {
      opening = undefined
    })
    return opening
  }

  const distrust = (): void => {
    isDoubted = true
    if (opened !== undefined) closeQuietly(opened.db)
    opened = undefined
  }

  return {
    current: () => opened,
    open,
    distrust,
    read: async (look) => {
      // A caller that reads in a loop would otherwise live in microtasks, and no write could ever commit.
      await nextTurn()
      const start = performance.now()
      for (let attempt = 0; ; attempt += 1) {
        const { tables } = opened ?? (await open())
        try {
          return look(tables)
        } catch (error) {
          // A record that fails its checksum says nothing against the connection.
          if (isCodedError(error)) throw error
          const fault = faultOf(error, file)
          if (fault === undefined) throw error
          if (!isBusy(error)) {
            distrust()
            throw fault
          }
          if (performance.now() - start >= busyTimeoutMs) throw lockedFault(file, busyTimeoutMs, error)
        }
        await pauseForLock(attempt)
      }
    },
    close: () => {
      if (opened === undefined) return
      try {
        opened.db.pragma('wal_checkpoint(TRUNCATE)')
      } catch {
        // Another connection is at work or the disk fails; every commit is in the log and stays there.
      }
      closeQuietly(opened.db)
      opened = undefined
    },
  }
}

function closeQuietly(db: Database): void {
  try {
    db.close()
  } catch {
    // The connection is given up either way, and the error that led here is the one to report.
  }
}
