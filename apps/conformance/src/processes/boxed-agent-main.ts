import { once } from 'node:events'
import { dirname } from 'node:path'
import { defineAgent, defineHarness, defineSkill } from '@belay/core'
import type { Model } from '@belay/core/ports'
import { bash } from '@belay/core/tools'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { mcp } from '@belay/mcp'
import { scriptedModel, textTurn, toolCallTurn } from '@belay/testing'

/**
 * A durable run of an agent whose tools are commands, the script of a skill and a program of the model context
 * protocol, all in one strict sandbox. Says each time that its model is asked, and waits for leave to go on. Arguments:
 * store file, root of the files, the server's script, a word for its command line.
 */
const [file = '', root = '', server = '', mark = ''] = process.argv.slice(2)

const greeter = defineSkill({
  name: 'greeter',
  description: 'Greets.',
  instructions: 'Run greet.sh with a name.',
  files: { 'greet.sh': 'echo "hello $1" >> /workspace/greetings; wc -l < /workspace/greetings\n' },
})
const greet = (name: string) =>
  toolCallTurn([{ name: 'bash', arguments: { command: `sh /skills/greeter/greet.sh ${name}` } }])
const echo = (text: string) => toolCallTurn([{ name: 'boxed_echo', arguments: { text } }])
const turns = [
  greet('one'),
  echo('first'),
  greet('two'),
  echo('second'),
  toolCallTurn([
    {
      name: 'bash',
      arguments: { command: 'cat /workspace/greetings; rm -f /skills/greeter/greet.sh; ls /skills/greeter' },
    },
  ]),
]

const script = scriptedModel(({ messages }) => {
  const results = messages.filter(({ role }) => role === 'tool')
  return turns[results.length] ?? textTurn(JSON.stringify(results.map(({ content }) => content)))
})
const model: Model = {
  ...script,
  async *generate(request, options) {
    const leave = once(process, 'message')
    process.send?.({ asked: request.messages.filter(({ role }) => role === 'tool').length })
    await leave
    yield* script.generate(request, options)
  },
}

const agent = defineAgent({
  name: 'agent',
  model: 'm',
  instructions: 'Go.',
  skills: [greeter],
  tools: [
    bash,
    mcp({
      name: 'boxed',
      transport: { type: 'stdio', command: process.execPath, args: [server, 'grandchild', '', mark] },
    }),
  ],
  permissions: { bash: 'allow' },
})
const harness = defineHarness({
  name: 'boxed',
  models: { m: model },
  agents: { agent },
  store: sqliteStore({ file }),
  ...localWorkspace({ root, exec: true, readOnlyPaths: [dirname(process.execPath), dirname(server)] }),
})
const session = await harness.getSession('s')
const output = await session.agents.agent.run('go', { durable: { runId: 'r' } })
await session.close()
process.send?.({ output })
await harness.shutdown()
process.disconnect()
