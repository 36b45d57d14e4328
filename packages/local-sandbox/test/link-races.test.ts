import { fork } from 'node:child_process'
import { constants } from 'node:fs'
import { open, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isCodedError } from '@belay/core/ports'
import { canary, OutsideFolder, outsideNames } from './support/outside-folder.ts'
import { bytesOf, openedSandbox, textOf, type OpenedSandbox } from './support/opened-sandbox.ts'

/** Swaps of a name for a link and back while calls run. */
const swapsWanted = process.env['BELAY_SIZE'] === 'full' ? 100_000 : 10_000

const inside = 'inside\n'.repeat(40)

/** A process that swaps; resolves when it is ready. */
async function startSwapping(tree: string, outside: string) {
  const script = join(import.meta.dirname, 'support/tree-swapper.mjs')
  const child = fork(script, [tree, outside, inside], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let swaps = -1
  const ready = Promise.withResolvers<void>()
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.on('message', (message: { readonly swaps: number }) => {
    swaps = message.swaps
    ready.resolve()
  })
  child.once('error', ready.reject)
  await ready.promise
  return {
    begin: () => void child.send('begin'),
    end: async () => {
      child.kill('SIGKILL')
      await ended
    },
    swaps: () => swaps,
  }
}

/** What calls came to. */
interface Outcomes {
  done: number
  refused: number
  absent: number
}

type Calls = Readonly<Record<string, (turn: number) => Promise<unknown>>>

/**
 * Runs every call again and again, all at the same time, until the swapper has done its share and each call has both
 * come through and come to nothing: otherwise nothing raced. Searches leave out what is in the way.
 */
async function race(calls: Calls, swaps: () => number): Promise<Readonly<Record<string, Outcomes>>> {
  const outcomes: Record<string, Outcomes> = {}
  const raced = ([name, { done, refused, absent }]: [string, Outcomes]): boolean =>
    done > 0 && (name === 'glob' || name === 'grep' || refused + absent > 0)
  const isOver = (): boolean => swaps() >= swapsWanted && Object.entries(outcomes).every(raced)
  const loop = async (name: string, call: Calls[string]): Promise<void> => {
    const of: Outcomes = (outcomes[name] = { done: 0, refused: 0, absent: 0 })
    for (let turn = 0; !isOver(); turn++) {
      try {
        if ((await call(turn)) === undefined) of.absent++
        else of.done++
      } catch (error) {
        // Nothing but a path that is refused, a tree that changes too fast, and an edit of what has just gone.
        const isExpected =
          isCodedError(error, 'sandbox/path') ||
          isCodedError(error, 'sandbox/edit') ||
          (isCodedError(error, 'sandbox/io') && error.meta['reason'] === 'changing')
        if (!isExpected) throw error
        of.refused++
      }
    }
  }
  await Promise.all(Object.entries(calls).map(async ([name, call]) => await loop(name, call)))
  return outcomes
}

/** Whether a text is one that stood inside. */
const isInside = (text: string): boolean =>
  text === inside || /^(written|inside)[^c]*$/.test(text) || text === ''

function callsOf({ files }: Pick<OpenedSandbox, 'files'>): Calls {
  const at = (turn: number, name = 'file.txt'): string =>
    `/workspace/swapped/${['', 'sub/', 'sub/deep/'][turn % 3] ?? ''}${name}`
  return {
    read: async (turn) => {
      const content = await files.read(at(turn))
      const text = textOf(content?.bytes)
      if (text !== undefined) expect(text).toSatisfy(isInside)
      return text
    },
    stat: async (turn) => {
      const facts = await files.stat(at(turn))
      if (facts !== undefined) expect(facts.modifiedAt).not.toBe(2_000)
      return facts
    },
    list: async (turn) => {
      const listing = await files.list(at(turn).replace('/file.txt', ''))
      const names = listing?.entries.map(({ name }) => name) ?? []
      expect(names.filter((name) => outsideNames.includes(name))).toEqual([])
      return listing
    },
    glob: async () => {
      const { paths } = await files.glob('**')
      expect(paths.filter((path) => path.includes('only-outside'))).toEqual([])
      return paths
    },
    grep: async () => {
      const { matches } = await files.grep(`${canary}|written`)
      expect(matches.filter(({ text }) => text.includes(canary))).toEqual([])
      return matches
    },
    write: async (turn) => {
      await files.write(at(turn), bytesOf(`written ${turn}`))
      return true
    },
    'write of a new file': async (turn) => {
      await files.write(at(turn, `new-${turn % 50}/made/file.txt`), bytesOf('written'), { mode: 0o600 })
      return true
    },
    edit: async (turn) => {
      await files.edit(at(turn), { find: 'n', replace: 'n', all: true })
      return true
    },
    remove: async (turn) => ((await files.remove(at(turn))) ? true : undefined),
    'remove of a tree': async (turn) =>
      (await files.remove(turn % 20 === 0 ? '/workspace/swapped/sub' : at(turn, 'only-outside')))
        ? true
        : undefined,
  }
}

test('no call reads or changes anything outside while a process swaps names for links [SBX-1]', async () => {
  const opened = await openedSandbox()
  const outside = new OutsideFolder(join(opened.root, 'outside'))
  const swapper = await startSwapping(opened.tree, outside.path)
  swapper.begin()
  const outcomes = await race(callsOf(opened), swapper.swaps)
  await swapper.end()
  expect(outside.isUntouched()).toBe(true)
  expect(outside.isUnchanged()).toBe(true)
  console.log(`${swapper.swaps()} swaps:`, JSON.stringify(outcomes))
})

/** What a check of the real path before the call is worth. Only here, to prove that the race above would find it. */
function checkedByRealPath(tree: string) {
  const place = async (path: string): Promise<string> => {
    const wanted = join(tree, path.slice('/workspace'.length))
    if ((await realpath(wanted)) !== wanted) throw new Error('a link')
    return wanted
  }
  return {
    read: async (path: string): Promise<string> => {
      const file = await open(await place(path), constants.O_RDONLY | constants.O_NOFOLLOW)
      try {
        return await file.readFile('utf8')
      } finally {
        await file.close()
      }
    },
    write: async (path: string): Promise<void> => await writeFile(await place(path), 'written'),
  }
}

test('the same race catches calls that check the real path first', async () => {
  const { root, tree } = await openedSandbox()
  const outside = new OutsideFolder(join(root, 'outside'))
  const swapper = await startSwapping(tree, outside.path)
  const naive = checkedByRealPath(tree)
  const escapes = { read: 0, write: 0 }
  const loop = async (call: () => Promise<void>): Promise<void> => {
    while (escapes.read === 0 || escapes.write === 0) await call().catch(() => undefined)
  }
  swapper.begin()
  await Promise.all([
    loop(async () => {
      if ((await naive.read('/workspace/swapped/sub/file.txt')).includes(canary)) escapes.read++
    }),
    loop(async () => {
      await naive.write('/workspace/swapped/sub/deep/file.txt')
      if (!outside.isUnchanged()) escapes.write++
    }),
  ])
  await swapper.end()
  expect(escapes.read).toBeGreaterThan(0)
  expect(escapes.write).toBeGreaterThan(0)
})
