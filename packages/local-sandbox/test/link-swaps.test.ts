import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { isCodedError } from '@belay/core/ports'
import type { SandboxFiles } from '@belay/core/ports'
import { canary, OutsideFolder } from './support/outside-folder.ts'
import { bytesOf, openedSandbox } from './support/opened-sandbox.ts'

/** Called before each call of the host's file system. */
let beforeCall: () => void = () => undefined
vi.mock('../src/files/system-calls.ts', async (load) => {
  const real = await load<Record<string, (...args: unknown[]) => unknown>>()
  const hooked = Object.entries(real).map(([name, call]) => {
    const counted = (...args: unknown[]): unknown => {
      beforeCall()
      return call(...args)
    }
    return [name, counted] as const
  })
  return Object.fromEntries(hooked)
})

const calls: Readonly<Record<string, (files: SandboxFiles) => Promise<unknown>>> = {
  read: (files) => files.read('/workspace/at/sub/file.txt'),
  stat: (files) => files.stat('/workspace/at/sub/file.txt'),
  'stat of a directory': (files) => files.stat('/workspace/at/sub'),
  list: (files) => files.list('/workspace/at/sub'),
  glob: (files) => files.glob('**', { path: '/workspace/at' }),
  grep: (files) => files.grep('canary|inside', { path: '/workspace/at/sub' }),
  'grep of a file': (files) => files.grep('canary|inside', { path: '/workspace/at/sub/file.txt' }),
  write: (files) => files.write('/workspace/at/sub/file.txt', bytesOf('written')),
  'write of a new file': (files) => files.write('/workspace/at/sub/made/deep/new.txt', bytesOf('written')),
  edit: (files) => files.edit('/workspace/at/sub/file.txt', { find: 'inside', replace: 'changed' }),
  remove: (files) => files.remove('/workspace/at/sub/file.txt'),
  'remove of a tree': (files) => files.remove('/workspace/at'),
  'remove of everything': (files) => files.remove('/workspace'),
}

const places = { 'the folder': '', 'a folder in it': 'sub', 'the file': 'sub/file.txt' }

const isFull = process.env['BELAY_SIZE'] === 'full'

/** Whether the link stays, or is one during one system call. Each search of lines starts a thread: a share is enough. */
const combinations = Object.keys(calls).flatMap((call) =>
  Object.keys(places).flatMap((what) =>
    [true, false]
      .filter((stays) => isFull || !call.startsWith('grep') || (!stays && what !== 'the folder'))
      .map((stays) => [call, what, stays] as const),
  ),
)

test.each(combinations)(
  '%s is not led outside when %s becomes a link before any system call (stays: %s) [SBX-1]',
  async (name, what, stays) => {
    const { files, tree, root } = await openedSandbox()
    const outside = new OutsideFolder(join(root, 'outside'))
    const below = places[what as keyof typeof places]
    const place = join(tree, 'at', below)
    const away = join(root, 'away')
    let reached = 0
    for (let swapBefore = 1; ; swapBefore++) {
      for (const left of [away, join(tree, 'at')]) rmSync(left, { recursive: true, force: true })
      mkdirSync(join(tree, 'at/sub/deep'), { recursive: true })
      for (const file of ['file.txt', 'sub/file.txt', 'sub/deep/file.txt'])
        writeFileSync(join(tree, 'at', file), 'inside')
      let seen = 0
      let isLink = false
      const swap = (): void => {
        if (!existsSync(place)) return
        renameSync(place, away)
        symlinkSync(join(outside.path, below), place)
        isLink = true
      }
      beforeCall = () => {
        seen++
        if (seen === swapBefore) swap()
        if (seen === swapBefore + 1 && !stays && isLink) {
          // What the call has put there, or taken away, is no link any more.
          rmSync(place, { recursive: true, force: true })
          renameSync(away, place)
        }
      }
      const result = await calls[name]?.(files).catch((error: unknown) => {
        if (!isCodedError(error, 'sandbox/path') && !isCodedError(error, 'sandbox/edit')) throw error
      })
      beforeCall = () => undefined
      const shown = JSON.stringify(result ?? null, (_, value: unknown) =>
        value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
      )
      expect(shown, `swapped before call ${swapBefore}`).not.toMatch(
        new RegExp(`${canary}|only-outside|"size":${97 * 22}\\b`),
      )
      expect(outside.isUntouched(), `swapped before call ${swapBefore}`).toBe(true)
      if (seen < swapBefore) break
      reached++
    }
    expect(outside.isUnchanged()).toBe(true)
    expect(reached).toBeGreaterThan(2)
  },
)
