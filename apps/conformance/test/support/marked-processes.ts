import { readdirSync, readFileSync } from 'node:fs'

/** Processes of this host with a word on their command line or in their environment, but for this one. */
export function processesWith(mark: string): readonly number[] {
  const has = (pid: number, file: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(mark)
    } catch {
      return false
    }
  }
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid !== process.pid && (has(pid, 'cmdline') || has(pid, 'environ')))
}
