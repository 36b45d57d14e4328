import type { Sandbox } from '@belay/core/ports'
import type { Files } from '../support/file-places.ts'

/** Where a process dies: at its call of files `at`, before or after it took effect. */
export interface FilesCrash {
  readonly at: number
  readonly side: 'before' | 'after'
}

/** The life of the process. */
export interface FilesLife {
  isDead(): boolean
  die(): void
}

const never = (): Promise<never> => new Promise(() => undefined)

/** Files as one process has them: calls are counted, and after its death none is answered. */
export function mortalFiles(
  files: Files,
  life: FilesLife,
  crash: FilesCrash | undefined,
): Files & { calls(): number } {
  let count = 0
  const call = async <T>(make: () => Promise<T>): Promise<T> => {
    if (life.isDead()) return never()
    const isHere = ++count === crash?.at
    if (isHere && crash?.side === 'before') life.die()
    if (life.isDead()) return never()
    const made = await make()
    if (isHere) life.die()
    return life.isDead() ? never() : made
  }
  /** All methods of an object; `after` may wrap what they give. */
  const through = <T extends object>(target: T, after: (value: unknown) => unknown = (value) => value): T =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name)
        if (typeof value !== 'function') return value
        if (name === 'inspect' || name === 'configure') return value.bind(object) as unknown
        return (...args: unknown[]) =>
          call(() => Reflect.apply(value, object, args) as Promise<unknown>).then(after)
      },
    })
  const openedSandbox = (opened: unknown): unknown => {
    // What closes the adapter gives nothing.
    if (opened === undefined) return undefined
    const sandbox = opened as Sandbox
    const close = (): Promise<void> => call(() => sandbox.close())
    return { report: sandbox.report, files: through(sandbox.files), close }
  }
  return {
    sandbox: through(files.sandbox, openedSandbox),
    workspace: through(files.workspace),
    calls: () => count,
  }
}
