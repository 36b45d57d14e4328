import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { isCodedError, type Skill } from '@belay/core/ports'
import { loadSkill } from '../src/index.ts'
import { goodSkill, skillFolder, type SkillFolder } from './skill-folder.ts'

const loads = 300
const secret = 'canary-of-the-outside'

let folder: SkillFolder | undefined
let swapper: ChildProcess | undefined
afterEach(async () => {
  if (swapper !== undefined && swapper.exitCode === null) {
    const gone = new Promise((resolve) => swapper?.once('exit', resolve))
    swapper.kill('SIGKILL')
    await gone
  }
  folder?.remove()
})

/** Another process swaps a part of the skill for a link to the outside and back, without a pause. */
async function startSwapping(what: string): Promise<void> {
  const child = fork(join(import.meta.dirname, 'link-swapper.mjs'), [folder?.path ?? '', what], {
    execArgv: [],
  })
  swapper = child
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('error', reject)
    child.once('exit', () => reject(new Error('The swapper ended.')))
  })
}

test.each(['folder', 'file'])(
  'a %s that is swapped for a link in a race is never followed [SKL-4]',
  async (what) => {
    folder = skillFolder({
      'a/SKILL.md': goodSkill('a'),
      'a/inner/data.md': 'inside',
      'a/zz.md': 'last',
      'outside/data.md': secret,
    })
    await startSwapping(what)
    const outcomes = { loaded: 0, refused: 0 }
    for (let load = 0; load < loads; load++) {
      let skill: Skill | undefined
      try {
        skill = await loadSkill(join(folder.path, 'a'))
      } catch (error) {
        if (!isCodedError(error, 'skill/path')) throw error
        outcomes.refused++
        continue
      }
      outcomes.loaded++
      expect(JSON.stringify(skill)).not.toContain(secret)
    }
    // Both happened: otherwise nothing raced.
    expect(outcomes.refused).toBeGreaterThan(0)
    expect(outcomes.loaded + outcomes.refused).toBe(loads)
    expect(swapper?.exitCode).toBeNull()
  },
)
