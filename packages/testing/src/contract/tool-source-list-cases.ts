import assert from 'node:assert/strict'
import { skipCase } from './contract.ts'
import { refuses } from './refusals.ts'
import { callOptions, toolIn, type SourceCase } from './tool-source-case.ts'

/** What a source lists. */
export const sourceListCases: readonly SourceCase[] = [
  {
    title: 'info: says what it is, under a name that can be a prefix',
    run: async ({ source }) => {
      assert.equal(source.kind, 'tool-source')
      assert.equal(source.info.specs['tool-source'], 'tool-source/1')
      assert.match(source.name, /^[a-z][a-z0-9-]{0,31}$/)
    },
  },
  {
    title: 'list: gives every tool once, by name in the order of UTF-16 units',
    run: async ({ connection, tools }) => {
      const names = (await connection.list()).map(({ name }) => name)
      for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/)
      assert.deepEqual(names, names.toSorted())
      assert.equal(new Set(names).size, names.length)
      for (const name of Object.values(tools)) assert.ok(names.includes(name), `there is no ${name}`)
    },
  },
  {
    title: 'list: an unchanged source gives the same tools again, on every connection',
    run: async ({ connection, connect }) => {
      const first = await connection.list()
      assert.deepEqual(await connection.list(), first)
      assert.deepEqual(await (await connect()).list(), first)
    },
  },
  {
    title: 'list: schemas are JSON Schema of an object',
    run: async ({ connection, tools }) => {
      for (const { inputSchema, description, version, readOnly, idempotent } of await connection.list()) {
        assert.equal(inputSchema['type'], 'object')
        assert.ok(Buffer.byteLength(JSON.stringify(inputSchema)) <= 262_144)
        assert.equal(typeof description, 'string')
        assert.ok(typeof version === 'string' && version !== '')
        assert.deepEqual([typeof readOnly, typeof idempotent], ['boolean', 'boolean'])
      }
      const echo = toolIn(await connection.list(), tools.echo)
      assert.deepEqual(echo.inputSchema['required'], ['text'])
      assert.equal((echo.inputSchema['properties'] as { text?: { type?: unknown } }).text?.type, 'string')
      assert.equal(echo.readOnly, true)
    },
  },
  {
    title: 'list: tools that differ have versions that differ',
    run: async ({ connection, tools }) => {
      const listed = await connection.list()
      const versions = Object.values(tools).map((name) => toolIn(listed, name).version)
      assert.equal(new Set(versions).size, versions.length)
    },
  },
  {
    title: 'version: changes with what a person relies on, and the old one is refused without a call',
    run: async ({ connection, tools, changeEcho, echoCalls }) => {
      if (changeEcho === undefined) skipCase('the tools of this source cannot be changed')
      const before = await connection.list()
      await changeEcho()
      const { version } = toolIn(before, tools.echo)
      const call = () => connection.call(tools.echo, { text: 'x' }, callOptions(version))
      // A source may hear of a change only when it lists again.
      const after = await connection.list()
      assert.notEqual(toolIn(after, tools.echo).version, version)
      assert.deepEqual(toolIn(after, tools.fail), toolIn(before, tools.fail))
      await refuses(call, 'tool-source/changed')
      if (echoCalls !== undefined) assert.equal(await echoCalls(), 0)
      const again = callOptions(toolIn(after, tools.echo).version)
      assert.equal((await connection.call(tools.echo, { text: 'x' }, again)).text, 'x')
    },
  },
]
