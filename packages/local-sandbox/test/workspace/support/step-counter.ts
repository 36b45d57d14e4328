import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Counts every call that changes a file system and kills this process at one of them: before it, or when it has taken
 * effect. Must be loaded before what it counts.
 */
let steps = 0
let killAt = Infinity
let isArmed = false

/** From now on steps count; `at` one of them (from 1) the process dies: odd before a call, even after one. */
export function arm(at: number): void {
  steps = 0
  killAt = at
  isArmed = true
}

/** How many steps there were since `arm`. */
export function disarm(): number {
  const counted = isArmed ? steps : 0
  isArmed = false
  return counted
}

function step(): void {
  if (isArmed && ++steps === killAt) process.kill(process.pid, 'SIGKILL')
}

type AnyCall = (...args: unknown[]) => unknown

function count(target: object, names: readonly string[]): void {
  const calls = target as Record<string, AnyCall>
  for (const name of names) {
    const call = calls[name]
    if (call === undefined) throw new Error(`There is no call ${name}`)
    calls[name] = function (this: unknown, ...args: unknown[]) {
      step()
      const result = call.apply(this, args)
      if (!(result instanceof Promise)) {
        step()
        return result
      }
      return result.finally(step)
    }
  }
}

const syncCalls = ['mkdir', 'rename', 'writeFile', 'utimes', 'symlink', 'unlink', 'rmdir', 'fchmod']
count(
  fs,
  syncCalls.map((name) => `${name}Sync`),
)
count(fsp, ['link', 'mkdir', 'rename', 'unlink', 'utimes', 'copyFile', 'open'])
const handle = await fsp.open(new URL(import.meta.url))
count(Object.getPrototypeOf(handle) as object, ['writeFile', 'utimes', 'sync', 'chmod'])
await handle.close()
syncBuiltinESMExports()
