import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { CommandLimits } from './policy.ts'
import { processFacts } from './process-tree.ts'

/** A control group of the kernel for all commands of one sandbox. */
export interface ControlGroup {
  /** What it limits, as read back from the kernel. */
  readonly pids: boolean
  readonly memory: boolean
  join(pid: number): void
  /** How often the kernel ended a process of it for want of memory. */
  memoryKills(): number
  /** Removes it once it is empty; not empty is no failure. */
  close(): void
}

/** One folder of the kernel's tree. Version 1 has a tree for each controller. */
interface GroupFolder {
  readonly path: string
  readonly version: 1 | 2
  readonly controllers: readonly ('memory' | 'pids')[]
}

let count = 0

/**
 * Makes a group below the one that this process is in, so that limits of the host stay in force. `undefined` where none can be
 * made: without the right to, or where version 2 has not handed the controllers on.
 */
export function openControlGroup(limits: CommandLimits): ControlGroup | undefined {
  const folders = parentFolders().flatMap((parent) => makeFolder(parent) ?? [])
  if (folders.length === 0) return undefined
  const pids = folders.some((folder) => limits.pids !== undefined && limit(folder, 'pids', limits.pids))
  const memory = folders.some(
    (folder) => limits.memoryBytes !== undefined && limit(folder, 'memory', limits.memoryBytes),
  )
  return {
    pids,
    memory,
    join: (pid) => {
      for (const { path } of folders) write(join(path, 'cgroup.procs'), String(pid))
    },
    memoryKills: () => Math.max(0, ...folders.map(memoryKills)),
    close: () => {
      for (const { path } of folders) {
        try {
          rmdirSync(path)
        } catch {
          // Still in use, or gone.
        }
      }
    },
  }
}

/** Where groups can be made: the folders of this process's own groups, and for version 2 the one above as well. */
function parentFolders(): readonly GroupFolder[] {
  const own = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'))
  return own.flatMap(([hierarchy, names, path]): readonly GroupFolder[] => {
    if (path === undefined) return []
    if (hierarchy !== '0') {
      const controllers = (['memory', 'pids'] as const).filter((name) => names?.split(',').includes(name))
      return controllers.length === 0
        ? []
        : [{ path: join('/sys/fs/cgroup', names ?? '', path), version: 1, controllers }]
    }
    for (const folder of [join('/sys/fs/cgroup', path), join('/sys/fs/cgroup', path, '..')]) {
      const handedOn = (read(join(folder, 'cgroup.subtree_control')) ?? '').split(/\s+/)
      const controllers = (['memory', 'pids'] as const).filter((name) => handedOn.includes(name))
      if (controllers.length > 0) return [{ path: folder, version: 2, controllers }]
    }
    return []
  })
}

function makeFolder(parent: GroupFolder): GroupFolder | undefined {
  const path = join(parent.path, `belay-${process.pid}-${(count += 1)}`)
  try {
    accessSync(join(parent.path, 'cgroup.procs'), constants.W_OK)
    removeAbandoned(parent.path)
    mkdirSync(path)
    return { ...parent, path }
  } catch {
    return undefined
  }
}

/** A process that was killed leaves its groups, empty. The kernel refuses to remove one that is in use. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^belay-(\d+)-\d+$/.exec(name)?.[1]
    if (pid === undefined || processFacts(Number(pid)) !== undefined) continue
    try {
      rmdirSync(join(parent, name))
    } catch {
      // Somebody else did, or it is not empty yet.
    }
  }
}

/** Sets a limit and reads it back. */
function limit({ path, version, controllers }: GroupFolder, what: 'memory' | 'pids', value: number): boolean {
  if (!controllers.includes(what)) return false
  const file = join(
    path,
    what === 'pids' ? 'pids.max' : version === 2 ? 'memory.max' : 'memory.limit_in_bytes',
  )
  write(file, String(value))
  // Swap would only make the end slow.
  if (what === 'memory') {
    write(
      join(path, version === 2 ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes'),
      version === 2 ? '0' : String(value),
    )
  }
  return Number(read(file)) <= value
}

function memoryKills({ path }: GroupFolder): number {
  const text = read(join(path, 'memory.events')) ?? read(join(path, 'memory.oom_control')) ?? ''
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0)
}

function write(path: string, text: string): boolean {
  try {
    writeFileSync(path, text)
    return true
  } catch {
    return false
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
