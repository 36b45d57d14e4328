import assert from 'node:assert/strict'
import { isCodedError } from '@belay/core/ports'
import { skipCase } from './contract.ts'
import { refuses } from './refusals.ts'
import { callOptions, toolIn, type SourceCase } from './tool-source-case.ts'
import { settles, until } from './until.ts'

/** Connections and their ends. */
export const sourceLifeCases: readonly SourceCase[] = [
  {
    title: 'close: a connection refuses later calls, and closing again does nothing',
    run: async ({ connection, tools }) => {
      const { version } = toolIn(await connection.list(), tools.echo)
      await settles('close', connection.close())
      await connection.close()
      await refuses(() => connection.list(), 'tool-source/closed')
      await refuses(
        () => connection.call(tools.echo, { text: 'x' }, callOptions(version)),
        'tool-source/closed',
      )
    },
  },
  {
    title: 'close: other connections go on',
    run: async ({ connection, connect, tools }) => {
      const other = await connect()
      const { version } = toolIn(await other.list(), tools.echo)
      await connection.close()
      assert.equal((await other.call(tools.echo, { text: 'x' }, callOptions(version))).text, 'x')
    },
  },
  {
    title: 'close: settles while a call is under way, and that call ends',
    run: async ({ connection, call, tools, slowCalls }) => {
      const running = call(tools.slow, {}).then(
        () => 'answered',
        (error: unknown) => (isCodedError(error) ? 'refused' : error),
      )
      if (slowCalls !== undefined) await until('the call to arrive', async () => (await slowCalls()) === 1)
      else await call(tools.echo, { text: 'meanwhile' })
      await settles('close', connection.close())
      assert.equal(await settles('the call to end', running), 'refused')
    },
  },
  {
    title: 'close: the source closes every connection and opens no more',
    run: async ({ source, connection, connect }) => {
      const other = await connect()
      await settles('close', source.close())
      await source.close()
      for (const each of [connection, other]) await refuses(() => each.list(), 'tool-source/closed')
      await refuses(() => connect(), 'tool-source/closed')
    },
  },
  {
    title: 'crash: a call under way fails by name, and the next one finds the source again',
    run: async ({ call, tools, crash, slowCalls }) => {
      if (crash === undefined || slowCalls === undefined)
        skipCase('the other side of this source cannot be ended')
      const running = refuses(() => call(tools.slow, {}), 'tool-source/unavailable')
      await until('the call to arrive', async () => (await slowCalls()) === 1)
      await crash()
      await settles('the call to end', running)
      assert.equal((await call(tools.echo, { text: 'back' })).text, 'back')
    },
  },
]
