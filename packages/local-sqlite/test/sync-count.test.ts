import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { tempFolder } from './support/temp-folder.ts'

const hasStrace = spawnSync('strace', ['-V']).status === 0
const appender = new URL('./support/sequential-appender.ts', import.meta.url).pathname

/** Syncs of a process that opens the file, appends `count` batches and closes. */
function syncsOf(file: string, count: number, trace: string): number {
  const command = [
    '-f',
    '-y',
    '-e',
    'trace=fsync,fdatasync',
    '-o',
    trace,
    process.execPath,
    appender,
    file,
    String(count),
  ]
  execFileSync('strace', command, { stdio: ['ignore', 'inherit', 'inherit'] })
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /\bf(data)?sync\(\d+</.test(line)).length
}

/**
 * Opening, the first use of the log and closing add syncs of their own, the same ones in each run. So two
 * runs over one file are compared that differ by 100 commits and in nothing else: both are far from the
 * checkpoint, which comes after 1,000 pages. The file was made by a run before, because the driver opens a
 * file that exists with other settings than one that it makes.
 */
test.skipIf(!hasStrace)('on a reopened file each commit is synced, exactly once', () => {
  const folder = tempFolder()
  try {
    const trace = folder.file('trace')
    syncsOf(folder.file(), 1, trace)
    const few = syncsOf(folder.file(), 100, trace)
    const many = syncsOf(folder.file(), 200, trace)
    expect(many - few).toBe(100)
    expect(few).toBeGreaterThanOrEqual(100)
  } finally {
    folder.remove()
  }
})
