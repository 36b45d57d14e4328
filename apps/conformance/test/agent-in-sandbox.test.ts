import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { tempFolder } from '../src/index.ts'
import { processesWith } from './support/marked-processes.ts'

const main = fileURLToPath(new URL('../src/processes/boxed-agent-main.ts', import.meta.url))
const server = fileURLToPath(
  new URL('../../../packages/mcp/test/client/fixtures/stdio-server.mjs', import.meta.url),
)

interface Said {
  /** The results that the model has when it is asked. */
  readonly asked?: number
  readonly output?: string
}

/** One process of the run, killed when its model is asked with so many results. */
async function generation(
  args: readonly string[],
  killAt: number,
): Promise<{ asked: number[]; output?: string }> {
  const child = fork(main, args)
  const exit = once(child, 'exit')
  const asked: number[] = []
  let output: string | undefined
  child.on('message', (said: Said) => {
    if (said.output !== undefined) output = said.output
    if (said.asked === undefined) return
    asked.push(said.asked)
    if (said.asked === killAt) child.kill('SIGKILL')
    else child.send('go')
  })
  const [code, signal] = (await exit) as [number | null, string | null]
  expect([code, signal]).toEqual(output === undefined ? [null, 'SIGKILL'] : [0, null])
  return { asked, ...(output !== undefined && { output }) }
}

test(
  'an agent with commands, a skill and a program of the protocol in a strict sandbox is killed after each tool and goes on; nothing is left of it [WSP-21, WSP-29, MCP-9, MCP-11]',
  { timeout: 180_000 },
  async () => {
    const folder = tempFolder()
    try {
      const root = folder.file('files')
      mkdirSync(root)
      const mark = `belay-boxed-${process.pid}`
      const args = [folder.file('store.db'), root, server, mark]
      for (let results = 1; results <= 4; results++) {
        const { asked } = await generation(args, results)
        // A model call and the tools after it are made once: the kill came before the answer.
        expect(asked).toEqual([results - 1, results])
        await expect.poll(() => processesWith(mark), { timeout: 30_000 }).toEqual([])
      }
      const { asked, output } = await generation(args, -1)
      expect(asked).toEqual([4, 5])
      const results = (JSON.parse(output ?? '') as { output: unknown }[][]).flat().map((part) => part.output)
      expect(results).toEqual([
        expect.stringContaining('1'),
        expect.objectContaining({}),
        expect.stringContaining('2'),
        expect.objectContaining({}),
        expect.stringContaining('hello one\nhello two'),
      ])
      expect(JSON.stringify(results[1])).toContain('first')
      expect(JSON.stringify(results[3])).toContain('second')
      // Skills are read-only to a command.
      expect(results[4]).toContain('greet.sh')
      expect(processesWith(mark)).toEqual([])
      expect(readdirSync(`${root}/sandboxes`)).toEqual([])
    } finally {
      folder.remove()
    }
  },
)
