import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A module that runs in a process of its own and reports by lines on its standard output. */
export interface Child {
  readonly process: ChildProcess
  /** The next line, or `undefined` once the process has ended. */
  nextLine(): Promise<string | undefined>
  /** Every line that is left. */
  rest(): Promise<readonly string[]>
  kill(): void
  /** Writes one line to its standard input. */
  tell(line: string): void
  exit(): Promise<void>
}

/** Starts a module of this folder. */
export function startChild(module: string, args: readonly string[], options: SpawnOptions = {}): Child {
  const path = new URL(module, import.meta.url).pathname
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'], ...options })
  const exited = once(child, 'exit')
  if (child.stdout === null) throw new Error('The child has no standard output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async (): Promise<string | undefined> => {
    const next = await lines.next()
    return next.done === true ? undefined : next.value
  }
  return {
    process: child,
    nextLine,
    rest: async () => {
      const left: string[] = []
      for (let line = await nextLine(); line !== undefined; line = await nextLine()) left.push(line)
      return left
    },
    kill: () => {
      child.kill('SIGKILL')
    },
    tell: (line) => {
      child.stdin?.write(`${line}\n`)
    },
    exit: async () => {
      await exited
    },
  }
}
