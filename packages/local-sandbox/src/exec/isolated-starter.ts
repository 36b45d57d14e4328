import type { Place } from '../tree.ts'
import {
  closingArguments,
  initArguments,
  insideSurroundings,
  isolationArguments,
} from './bubblewrap-arguments.ts'
import { openControlGroup } from './control-group.ts'
import type { ControlGroup } from './control-group.ts'
import { startIsolated } from './isolated-tree.ts'
import { writeKit } from './kit.ts'
import { openGate } from './network/gate.ts'
import type { NetworkGate } from './network/gate.ts'
import type { ResolvedPolicy } from './policy.ts'
import { withResourceLimits } from './resource-limits.ts'
import type { CommandStarter } from './tree.ts'

/** What an isolated sandbox is made of. */
export interface IsolatedSandbox {
  readonly place: Place
  readonly policy: ResolvedPolicy
  /** Path of bubblewrap. */
  readonly program: string
  /** Where files that isolation needs are written. */
  readonly kitFolder: string
  /** Further arguments of bubblewrap. */
  readonly mounts?: readonly string[]
}

/** What is made at the first command and shared by all of a sandbox. */
interface Shared {
  readonly kit: ReturnType<typeof writeKit>
  readonly options: readonly string[]
  readonly group: ControlGroup | undefined
  readonly gate: NetworkGate | undefined
  readonly program: readonly [string, ...string[]]
}

/** Commands in namespaces of their own. */
export function isolatedStarter({
  place,
  policy,
  program,
  kitFolder,
  mounts = [],
}: IsolatedSandbox): CommandStarter {
  let shared: Promise<Shared> | undefined
  const make = async (): Promise<Shared> => {
    const kit = writeKit(kitFolder)
    const limits = { pids: defaultPids, ...policy.limits }
    const group = openControlGroup(limits)
    return {
      kit,
      options: [...isolationArguments(place, policy, kit), ...mounts],
      group,
      gate: policy.allowHosts.length === 0 ? undefined : await openGate(kitFolder, policy.allowHosts),
      program: withResourceLimits(program, policy.limits, group),
    }
  }
  return {
    surroundings: insideSurroundings,
    start: async (call) => {
      const { kit, options, group, gate, program: started } = await (shared ??= make())
      return startIsolated({
        program: started,
        options: [
          ...options,
          ...closingArguments(gate?.envOf(call.env) ?? call.env, gate?.mounts ?? [], kit),
        ],
        argv: gate?.argvOf(call) ?? initArguments(call),
        filter: kit.filter,
        group,
        withHelper: gate !== undefined,
      })
    },
    close: async () => {
      const made = await shared?.catch(() => undefined)
      await made?.gate?.close()
      made?.group?.close()
    },
  }
}

/** Enough for parallel builds; a process that only starts others meets it within a second. */
export const defaultPids = 512
