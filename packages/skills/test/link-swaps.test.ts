import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { isCodedError, type Skill } from '@belay/core/ports'
import { goodSkill, skillFolder, type SkillFolder } from './skill-folder.ts'

const secret = 'canary-of-the-outside'

/** Called after each call of the file system that opens, lists or looks. */
let afterCall: () => void = () => undefined
vi.mock('node:fs/promises', async (load) => {
  const real = await load<Record<string, (...args: unknown[]) => Promise<unknown>>>()
  const hooked =
    (name: string) =>
    async (...args: unknown[]) => {
      const result = await real[name]?.(...args)
      afterCall()
      return result
    }
  return { ...real, open: hooked('open'), lstat: hooked('lstat'), readdir: hooked('readdir') }
})

/** Without `/proc` the loader works on paths, as on other systems. */
let hasProc = true
vi.mock('node:fs', async (load) => {
  const real = await load<{ existsSync: (path: string) => boolean }>()
  return { ...real, existsSync: (path: string) => hasProc && real.existsSync(path) }
})
async function loaderFor(system: string) {
  hasProc = system === 'with /proc'
  vi.resetModules()
  return (await import('../src/index.ts')).loadSkill
}

let folder: SkillFolder | undefined
afterEach(() => {
  afterCall = () => undefined
  folder?.remove()
})

const swaps: Readonly<Record<string, readonly [at: string, to: string]>> = {
  'a folder': ['a/inner', '../outside'],
  'a folder in a folder': ['a/inner/deep', '../../outside'],
  'a file': ['a/inner/data.md', '../../outside/data.md'],
  'the SKILL.md': ['a/SKILL.md', '../outside/data.md'],
  'the skill itself': ['a', 'outside'],
}

const systems = ['with /proc', 'without /proc']

test.each(systems.flatMap((system) => Object.keys(swaps).map((what) => [what, system] as const)))(
  '%s that becomes a link after any call of the file system is not followed, %s [SKL-4]',
  async (what, system) => {
    const loadSkill = await loaderFor(system)
    const [at, to] = swaps[what] ?? ['', '']
    let refused = 0
    for (let swapAfter = 1; ; swapAfter++) {
      folder = skillFolder({
        'a/SKILL.md': goodSkill('a'),
        'a/inner/data.md': 'inside',
        'a/inner/deep/data.md': 'inside',
        'outside/data.md': secret,
        'outside/SKILL.md': goodSkill('a').replace('Do it.', secret),
      })
      const place = join(folder.path, at)
      let seen = 0
      afterCall = () => {
        if (++seen !== swapAfter) return
        renameSync(place, join(folder?.path ?? '', 'away'))
        symlinkSync(to, place)
      }
      let skill: Skill | undefined
      try {
        skill = await loadSkill(join(folder.path, 'a'))
      } catch (error) {
        if (!isCodedError(error, 'skill/path')) throw error
        refused++
      }
      expect(JSON.stringify(skill ?? null), `swapped after call ${swapAfter}`).not.toContain(secret)
      folder.remove()
      if (seen < swapAfter) break
    }
    // Where it is held open, the skill's own folder may be moved away: what is read is what was opened.
    expect(refused > 0).toBe(what !== 'the skill itself' || system === 'without /proc')
  },
)
