import assert from 'node:assert/strict'
import { refuses } from './refusals.ts'
import { callOptions, toolIn, type SourceCase } from './tool-source-case.ts'
import { settles, until } from './until.ts'

/** Calls, and how they end. */
export const sourceCallCases: readonly SourceCase[] = [
  {
    title: 'call: gives what the tool answered',
    run: async ({ call, tools }) => {
      for (const text of ['hello', '', '\u00fc\u{1f600}\n', '{"a":1}', '__proto__', 'x'.repeat(50_000)]) {
        const { isError, text: answer } = await call(tools.echo, { text })
        assert.deepEqual([isError, answer], [false, text])
      }
    },
  },
  {
    title: 'call: calls at once have each their own answer',
    run: async ({ call, tools }) => {
      const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`)
      const answers = await Promise.all(texts.map((text) => call(tools.echo, { text })))
      assert.deepEqual(
        answers.map(({ text }) => text),
        texts,
      )
    },
  },
  {
    title: 'call: is carried out once',
    run: async ({ call, tools, echoCalls }) => {
      await call(tools.echo, { text: 'x' })
      if (echoCalls !== undefined) assert.equal(await echoCalls(), 1)
    },
  },
  {
    title: 'call: a tool that fails gives an error result, and the connection goes on',
    run: async ({ call, tools }) => {
      const { isError, text } = await call(tools.fail, {})
      assert.equal(isError, true)
      assert.match(text, /failed on purpose/)
      assert.equal((await call(tools.echo, { text: 'still here' })).text, 'still here')
    },
  },
  {
    title: 'call: more text than is taken is cut, and says so at its end',
    run: async ({ call, tools }) => {
      const { text } = await call(tools.echo, { text: 'x'.repeat(1_100_000) })
      assert.ok(text.length <= 1_048_576)
      assert.ok(text.startsWith('xxx') && !text.endsWith('xxx'), 'what was cut says so')
    },
  },
  {
    title: 'call: a tool that is not there is refused by name',
    run: async ({ connection, tools }) => {
      const { version } = toolIn(await connection.list(), tools.echo)
      for (const name of ['none', '__proto__', `${tools.echo}x`]) {
        await refuses(() => connection.call(name, {}, callOptions(version)), 'tool-source/unknown-tool')
      }
    },
  },
  {
    title: 'call: another version than the one that is there is refused, and nothing is called',
    run: async ({ connection, tools, echoCalls }) => {
      await connection.list()
      for (const version of ['', 'another']) {
        const call = () => connection.call(tools.echo, { text: 'x' }, callOptions(version))
        await refuses(call, 'tool-source/changed')
      }
      if (echoCalls !== undefined) assert.equal(await echoCalls(), 0)
    },
  },
  {
    title: 'abort: ends a call with its reason, tells the other side, and the connection goes on',
    run: async ({ call, tools, slowCalls }) => {
      const reason = new Error('enough')
      const abort = new AbortController()
      const ended = assert.rejects(call(tools.slow, {}, { signal: abort.signal }), reason)
      if (slowCalls !== undefined) await until('the call to arrive', async () => (await slowCalls()) === 1)
      else await call(tools.echo, { text: 'meanwhile' })
      abort.abort(reason)
      await settles('the call to end', ended)
      if (slowCalls !== undefined)
        await until('the other side to stop', async () => (await slowCalls()) === 0)
      assert.equal((await call(tools.echo, { text: 'after' })).text, 'after')
    },
  },
  {
    title: 'abort: a signal that is aborted refuses before anything is called',
    run: async ({ call, tools, connection, connect, echoCalls }) => {
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await assert.rejects(call(tools.echo, { text: 'x' }, { signal }), reason)
      await assert.rejects(connection.list({ signal }), reason)
      await assert.rejects(connect(signal), reason)
      if (echoCalls !== undefined) assert.equal(await echoCalls(), 0)
    },
  },
]
