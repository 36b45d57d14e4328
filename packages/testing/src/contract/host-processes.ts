import { readdir, readFile } from 'node:fs/promises'

/** Pids of this host whose command line holds a text. Empty where there is no `/proc`, or another host runs them. */
export async function processesWith(marker: string): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => [])
  const found = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
        return line.includes(marker) ? [Number(name)] : []
      }),
  )
  return found.flat()
}

let markers = 0

/** Seconds to sleep that no other process of this host sleeps, so that its sleeper can be told from others. */
export function markedSeconds(): string {
  markers += 1
  return `9${process.pid}.${String(markers).padStart(4, '0')}`
}
