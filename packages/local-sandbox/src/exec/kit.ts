import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PortError } from '@belay/core/ports'
import { initProgram } from './init-program.ts'
import { seccompFilter } from './seccomp-filter.ts'

/** Files that isolation needs, in a folder that no command sees. */
export interface Kit {
  /** Starts a command; see `init-program.ts`. */
  readonly init: string
  /** See `seccomp-filter.ts`. */
  readonly filter: string
  /** Files of our own in /etc: the host's name its users and networks. */
  readonly configuration: readonly { readonly from: string; readonly to: string }[]
}

const configuration = {
  passwd:
    'root:x:0:0:root:/root:/usr/sbin/nologin\nsandbox:x:1000:1000:sandbox:/tmp/home:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n',
  group: 'root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n',
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
} as const

/** Writes the files once for a sandbox. */
export function writeKit(folder: string): Kit {
  const init = initProgram()
  const filter = seccompFilter()
  if (init === undefined || filter === undefined) {
    throw new PortError({
      code: 'sandbox/unavailable',
      message: `Commands are isolated on x64 and arm64 only, and this is ${process.arch}.`,
      meta: { reason: 'platform' },
    })
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (name: string, content: string | Uint8Array, mode: number): string => {
    const path = join(folder, name)
    writeFileSync(path, content, { mode })
    // The umask of the host must not decide what the inside can read.
    chmodSync(path, mode)
    return path
  }
  return {
    init: write('init', init, 0o555),
    filter: write('filter', filter, 0o444),
    configuration: Object.entries(configuration).map(([name, content]) => ({
      from: write(name, content, 0o444),
      to: `/etc/${name}`,
    })),
  }
}
