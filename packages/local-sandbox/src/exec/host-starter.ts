import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from '../tree.ts'
import { startOnHost } from './host-tree.ts'
import type { CommandStarter } from './tree.ts'

/** Commands as plain processes of the host. Only paths of calls are mapped; a command sees paths of the host. */
export function hostStarter(place: Place): CommandStarter {
  const home = join(place.scratch, 'home')
  const tmp = join(place.scratch, 'tmp')
  let made: Promise<unknown> | undefined
  return {
    surroundings: { home, tmp },
    start: async (call) => {
      await (made ??= Promise.all(
        [home, tmp].map((folder) => mkdir(folder, { recursive: true, mode: 0o700 })),
      ))
      return startOnHost(call, place.workspace)
    },
    close: () => Promise.resolve(),
  }
}
