import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkIsolation, createCommands } from '../../src/exec/commands.ts'
import type { CommandPolicy, Commands } from '../../src/exec/commands.ts'
import type { Place } from '../../src/tree.ts'

/** Commands in a folder of their own. */
export interface ExecPlace {
  readonly place: Place
  readonly commands: Commands
  remove(): Promise<void>
}

/** Where the program that runs this test is seen inside. */
export const nodeFolder = dirname(process.execPath)

/** A place with all its folders, below the folder for temporary files. */
export function makePlace(): { readonly root: string; readonly place: Place } {
  const root = mkdtempSync(join(tmpdir(), 'belay-exec-'))
  const folder = (name: string): string => {
    const path = join(root, name)
    mkdirSync(path, { mode: 0o700 })
    return path
  }
  const [workspace, skills, scratch, staging] = ['workspace', 'skills', 'scratch', 'staging'].map(folder)
  return {
    root,
    place: {
      workspace: workspace ?? '',
      skills: skills ?? '',
      scratch: scratch ?? '',
      staging: staging ?? '',
    },
  }
}

/** A place with commands under a policy. */
export function openExecPlace(policy: CommandPolicy = {}): ExecPlace {
  const { root, place } = makePlace()
  const commands = createCommands(place, policy, checkIsolation(policy))
  return {
    place,
    commands,
    remove: async () => {
      await commands.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** What a command wrote, as text. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
