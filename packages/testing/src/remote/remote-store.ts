import type { ChildProcess } from 'node:child_process'
import type { Store } from '@belay/core/ports'
import { StoreProcess } from './store-process.ts'

/** A store that lives in another process. */
export interface RemoteStore extends Store {
  readonly child: ChildProcess
  /** Kills the process with SIGKILL and resolves when it is gone. */
  kill(): Promise<void>
}

/** Opens stores in one other process: many cost little more than one. */
export interface StoreOpener {
  open(args?: readonly string[]): Promise<Store>
}

/** Starts `module`, which calls `serveStores`, in a process of its own and gives the store of `args`. */
export async function forkStore(module: string | URL, args: readonly string[] = []): Promise<RemoteStore> {
  const served = new StoreProcess(module)
  return { ...(await served.open(args)), child: served.child, kill: () => served.kill() }
}

/** Opens every store in the same process, which runs `module`, starts with the first one and ends with this process. */
export function storeOpener(module: string | URL): StoreOpener {
  let served: StoreProcess | undefined
  return {
    open: (args = []) => {
      if (served === undefined || served.isGone) served = new StoreProcess(module)
      return served.open(args)
    },
  }
}
