import { fork } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  adapterSets,
  filePlaces,
  filesFlowOutput,
  filesSweep,
  reportCounts,
  runSeed,
  size,
  tempFolder,
} from '../src/index.ts'

const seed = runSeed()

describe('a run with files that dies at any call', () => {
  test.each([
    ['in-memory', 'in-memory', 1],
    ['sqlite', 'local', size === 'full' ? 1 : 4],
  ] as const)(
    'of a store (%s) or of its files (%s) goes on with its files as they were [WSP-21, WSP-22]',
    { timeout: 300_000 },
    async (store, files, every) => {
      const { boundaries, kills, problems } = await filesSweep(adapterSets[store], filePlaces[files], {
        every,
        offset: seed,
      })
      expect(problems, `seed ${seed}`).toEqual([])
      reportCounts(`files / ${store} / ${files}`, { boundaries, kills }, seed)
    },
  )
})

interface Said {
  readonly at?: string
  readonly output?: unknown
}

/** Runs the flow in a process that is killed at its place `stop`, counted from 1; `undefined` when it was. */
function generation(
  files: readonly string[],
  stop: number,
): Promise<{ readonly output: unknown; readonly places: number } | undefined> {
  const main = fileURLToPath(new URL('../src/processes/files-main.ts', import.meta.url))
  const child = fork(main, files)
  let places = 0
  let output: unknown
  return new Promise((resolve, reject) => {
    child.on('message', (said: Said) => {
      if ('output' in said) output = said.output
      if (said.at === undefined) return
      places++
      if (places === stop) child.kill('SIGKILL')
      else child.send('go')
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined)
      else if (code === 0) resolve({ output, places })
      else reject(new Error(`The process ended with ${code}.`))
    })
  })
}

test(
  'a process that is killed in and between steps leaves the files of the last recorded one [WSP-21]',
  { timeout: 120_000 },
  async () => {
    const folder = tempFolder()
    try {
      const root = folder.file('files')
      mkdirSync(root)
      const files = [folder.file('store.db'), root]
      let kills = 0
      // After the work of a step and before its record, then where a later one begins.
      const stops = size === 'full' ? [2, 3] : [2, 4, 5, 7]
      for (let round = 0; ; round++) {
        const isOver = size !== 'full' && round >= stops.length
        const end = await generation(files, isOver ? 0 : (stops[round % stops.length] ?? 0))
        if (end === undefined) {
          kills++
          continue
        }
        expect(end.output).toEqual(filesFlowOutput)
        break
      }
      reportCounts('files / killed process', { kills })
    } finally {
      folder.remove()
    }
  },
)
