import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { dirname } from 'node:path'
import { PortError, storeErrorCodes } from '@belay/core/ports'
import { applicationId, newestSchema } from './schema.ts'

/**
 * What can be known of a file before SQLite touches it. SQLite would make a missing file, roll a journal
 * back, or delete the write-ahead log beside an emptied file; a file that is not ours must be left alone.
 */

const headerBytes = 100
const magic = 'SQLite format 3\0'
const userVersionOffset = 60
const applicationIdOffset = 68

const { corrupt, io, readonly, version } = storeErrorCodes

function refuse(code: PortError['code'], message: string, cause?: unknown): never {
  throw new PortError({ code, message, cause })
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    return refuse(io, `The file cannot be looked at (${String(code)}): ${path}`, error)
  }
}

function requireWritable(path: string, what: string): void {
  try {
    accessSync(path, constants.W_OK)
  } catch (error) {
    refuse(readonly, `${what} cannot be written: ${path}`, error)
  }
}

function headerOf(file: string): Buffer {
  const header = Buffer.alloc(headerBytes)
  const handle = openSync(file, 'r')
  try {
    return header.subarray(0, readSync(handle, header, 0, headerBytes, 0))
  } finally {
    closeSync(handle)
  }
}

function checkHeader(file: string): void {
  let header: Buffer
  try {
    header = headerOf(file)
  } catch (error) {
    return refuse(io, `The file cannot be read: ${file}`, error)
  }
  if (header.length < headerBytes || header.toString('latin1', 0, magic.length) !== magic) {
    refuse(corrupt, `The file is not an SQLite database and is left as it is: ${file}`)
  }
  const owner = header.readInt32BE(applicationIdOffset)
  // Zero may be a foreign database or one that a crash left half made; SQLite has to look at it.
  if (owner !== 0 && owner !== applicationId) refuseForeign(file)
  if (owner === applicationId) requireKnownSchema(header.readInt32BE(userVersionOffset), file)
}

/** The database belongs to another program. */
export function refuseForeign(file: string): never {
  return refuse(corrupt, `The file is a database of another application and is left as it is: ${file}`)
}

/** Refuses a database that a newer version of this package wrote. */
export function requireKnownSchema(found: number, file: string): void {
  if (found <= newestSchema) return
  throw new PortError({
    code: version,
    message: `The file has schema ${found}, which is newer than schema ${newestSchema} of this package: ${file}`,
    meta: { found, newest: newestSchema },
  })
}

/** Throws the named fault of a file that must not be opened. Writes nothing. */
export function checkFile(file: string): void {
  const folder = dirname(file)
  const folderStats = statOf(folder)
  if (folderStats === undefined || !folderStats.isDirectory())
    refuse(io, `The folder of the file does not exist: ${folder}`)
  // Looked at before the file: a process that makes the store writes the file first.
  const logBytes = statOf(`${file}-wal`)?.size ?? 0
  const stats = statOf(file)
  if (stats !== undefined && !stats.isFile()) refuse(io, `The path is not a file: ${file}`)
  if (stats !== undefined) requireWritable(file, 'The file')
  // The write-ahead log and its index are made beside the file.
  requireWritable(folder, 'The folder of the file')
  if (stats !== undefined && stats.size > 0) return checkHeader(file)
  if (logBytes > 0) {
    refuse(corrupt, `The file is empty or missing, but a write-ahead log of it with data exists: ${file}-wal`)
  }
}
