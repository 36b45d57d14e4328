import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineAgent, defineHarness } from '@belay/core'
import { localSandbox } from '@belay/local-sandbox'
import { mcp } from '@belay/mcp'
import { scriptedModel, textTurn, toolCallTurn } from '@belay/testing'
import { expect, onTestFinished, test } from 'vitest'

const server = fileURLToPath(
  new URL('../../../packages/mcp/test/client/fixtures/stdio-server.mjs', import.meta.url),
)

/** Processes of this host with a word on their command line. */
function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark)
    } catch {
      return false
    }
  })
}

test(
  'a server runs in the sandbox of its session, sees nothing of the host, and leaves nothing [MCP-9, MCP-11]',
  { timeout: 120_000 },
  async () => {
    process.env['BELAY_CANARY'] = 'canary-of-the-host'
    const root = mkdtempSync(join(tmpdir(), 'belay-mcp-'))
    const mark = `belay-mark-${process.pid}`
    const source = mcp({
      name: 'boxed',
      transport: { type: 'stdio', command: process.execPath, args: [server, 'grandchild', '', mark] },
    })
    const model = scriptedModel([
      toolCallTurn([{ name: 'boxed_echo', arguments: { fault: 'environment' } }]),
      textTurn('done'),
    ])
    const agent = defineAgent({ name: 'agent', model: 'm', instructions: 'Go.', tools: [source] })
    const harness = defineHarness({
      name: 'boxed',
      models: { m: model },
      agents: { agent },
      sandbox: localSandbox({
        root,
        exec: true,
        readOnlyPaths: [dirname(process.execPath), dirname(server)],
      }),
    })
    onTestFinished(async () => {
      delete process.env['BELAY_CANARY']
      await harness.shutdown()
      rmSync(root, { recursive: true, force: true })
    })
    const session = await harness.getSession('s')
    expect(await session.agents.agent.run('go')).toBe('done')
    const result = JSON.stringify(model.requests[1]?.messages.at(-1))
    expect(result).toContain('\\"HOME\\"')
    expect(result).not.toContain('canary-of-the-host')
    expect(processesWith(mark).length).toBeGreaterThanOrEqual(2)
    await session.close()
    expect(processesWith(mark)).toEqual([])
  },
)
