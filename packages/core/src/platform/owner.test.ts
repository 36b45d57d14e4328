import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { ownerLiveness, ownerOfThisProcess } from './owner.ts'

const module = new URL('./owner.ts', import.meta.url).href
const started: ChildProcess[] = []

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** A real process that says its owner and then lives until it is killed. */
async function startOwner(): Promise<{ readonly child: ChildProcess; readonly owner: string }> {
  const script = `import { ownerOfThisProcess } from ${JSON.stringify(module)}
    process.stdout.write(ownerOfThisProcess('x'))
    setInterval(() => undefined, 1_000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, owner: chunk.toString() }
}

const parts = (owner: string): string[] => owner.split('|')
const withPart = (owner: string, index: number, value: string): string =>
  parts(owner).with(index, value).join('|')

describe('ownerLiveness', () => {
  it('knows this process', () => {
    expect(ownerLiveness(ownerOfThisProcess('a'))).toBe('alive')
  })

  it('tells a living process from a killed one', async () => {
    const { child, owner } = await startOwner()
    expect(ownerLiveness(owner)).toBe('alive')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(ownerLiveness(owner)).toBe('dead')
  })

  it('tells a stopped process, which may come back, from a dead one', async () => {
    const { child, owner } = await startOwner()
    child.kill('SIGSTOP')
    expect(ownerLiveness(owner)).toBe('alive')
  })

  it.runIf(process.platform === 'linux')('tells a process from the one that had its pid before', () => {
    const owner = ownerOfThisProcess('a')
    expect(ownerLiveness(withPart(owner, 4, '1'))).toBe('dead')
  })

  it('does not judge processes that it cannot see', () => {
    const owner = ownerOfThisProcess('a')
    expect(ownerLiveness(withPart(owner, 0, 'another-host'))).toBe('unknown')
    expect(ownerLiveness(withPart(owner, 1, 'another-boot'))).toBe('unknown')
    expect(ownerLiveness(withPart(owner, 2, 'pid%3A%5B1%5D'))).toBe('unknown')
    expect(ownerLiveness('garbage')).toBe('unknown')
    expect(ownerLiveness(withPart(owner, 3, '-1'))).toBe('unknown')
    expect(ownerLiveness('%')).toBe('unknown')
  })

  it('differs for two platforms of one process', () => {
    expect(ownerOfThisProcess('a')).not.toBe(ownerOfThisProcess('b'))
    expect(ownerOfThisProcess('a').length).toBeLessThanOrEqual(400)
  })
})
