import * as fs from 'node:fs'
import { promisify } from 'node:util'

// The only calls of the host's file system that file calls make: all in the thread pool, and on numbers of open files,
// which no collector of garbage closes behind our back.

export const open = promisify(fs.open)
export const close = promisify(fs.close)
export const fstat = promisify<number, fs.Stats>(fs.fstat)
export const lstat = promisify<fs.PathLike, fs.Stats>(fs.lstat)
export const read = promisify(fs.read)
export const write = promisify(fs.write)
export const fchmod = promisify(fs.fchmod)
export const chmod = promisify(fs.chmod)
export const mkdir = promisify<fs.PathLike, fs.MakeDirectoryOptions>(fs.mkdir)
export const rename = promisify(fs.rename)
export const unlink = promisify(fs.unlink)
export const rmdir = promisify<fs.PathLike>(fs.rmdir)
export const opendir = promisify<
  fs.PathLike,
  { readonly encoding: 'buffer'; readonly bufferSize: number },
  fs.Dir
>(fs.opendir as never)
