import { readdirSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Ways in which processes leave the one that started them. `MARK` stands in the arguments of each of them. */
const shapes = {
  child: 'sh -c "sleep 1000; : MARK" & touch UP; wait',
  grandchild: 'sh -c "sh -c \\"sleep 1000; : MARK\\" & touch UP; wait; : MARK" & wait',
  'a daemon of another session': 'setsid sh -c "touch UP; sleep 1000; : MARK" & wait',
  'forked twice, without its streams':
    '(setsid sh -c "(sh -c \\"touch UP; sleep 1000; : MARK\\" <&- >&- 2>&- &)" <&- >&- 2>&- &); sleep 1000; : MARK',
} as const

export const shapeNames = Object.keys(shapes) as readonly (keyof typeof shapes)[]

/** A script whose processes all carry a mark, and which makes a file when they are up. */
export const shapeScript = (name: keyof typeof shapes, mark: string): string =>
  shapes[name].replaceAll('MARK', mark).replaceAll('UP', `up-${mark}`)

/** Numbers of the processes of this machine that carry a mark in their arguments; the one that bubblewrap starts with does too. */
export function carriersOf(mark: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark)
    } catch {
      return false
    }
  })
}

/** Looks until something holds. A look that never does is a failure by name. */
export async function until(what: string, holds: () => boolean, ceilingMs = 20_000): Promise<void> {
  for (const end = performance.now() + ceilingMs; !holds(); await delay(10)) {
    if (performance.now() > end) throw new Error(`not within ${ceilingMs} ms: ${what}`)
  }
}

export const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined
