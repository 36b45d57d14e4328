import { expect, test } from 'vitest'
import { callOptions, failureOf, isAlive, serverFile, subject } from './fixtures/subject.ts'

test('tools are listed by name, and what does not fit the port is left out and said [MCP-21]', async () => {
  const { open, logger } = subject()
  const connection = await open()
  const tools = await connection.list()
  expect(tools).toEqual([
    {
      name: 'echo',
      description: 'Echoes.',
      inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
      version: expect.stringMatching(/^[0-9a-f]{64}$/),
      readOnly: true,
      idempotent: false,
    },
  ])
  expect(await connection.list()).toEqual(tools)
  expect(logger.lines.filter((line) => line.includes('left out'))).toHaveLength(4)
  const options = await callOptions(connection)
  expect(await connection.call('echo', { text: 'hello' }, options)).toEqual({ isError: false, text: 'hello' })
})

test.each(['garbage', 'twins', 'unknown-ids'])(
  '%s: the answer that was asked for comes [MCP-15]',
  async (fault) => {
    const { open } = subject(fault)
    const connection = await open()
    const options = await callOptions(connection)
    for (const text of ['one', 'two'])
      expect(await connection.call('echo', { text }, options)).toEqual({ isError: false, text })
  },
)

test('a crash at the start is told by name, is not remembered, and may be tried again [MCP-7, MCP-12]', async () => {
  const { open, pids } = subject('crash-at-start')
  for (const times of [1, 2]) {
    const error = await failureOf(open())
    expect(error).toMatchObject({
      code: 'tool-source/unavailable',
      retryable: true,
      meta: { reason: 'ended' },
    })
    expect((error.cause as { stderr?: string }).stderr).toBe('')
    expect(pids()).toHaveLength(times)
  }
})

test('a crash in a call fails that call by name, and the next one has a new server [MCP-12]', async () => {
  const { open, pids } = subject()
  const connection = await open()
  const options = await callOptions(connection)
  const error = await failureOf(connection.call('echo', { fault: 'crash-in-call' }, options))
  expect(error).toMatchObject({
    code: 'tool-source/unavailable',
    retryable: false,
    message: 'The MCP server "fixture" ended with exit code 7.',
    meta: { source: 'fixture', reason: 'ended' },
  })
  expect((error.cause as { stderr?: string }).stderr).toBe('started none\n')
  expect(JSON.stringify(error)).not.toContain('started none')
  expect(await connection.call('echo', { text: 'again' }, options)).toMatchObject({ text: 'again' })
  expect(pids().map(isAlive)).toEqual([false, true])
})

test('a call that hangs ends in time, tells the server, and harms no other [MCP-13]', async () => {
  const { open, heard } = subject('none', { timeoutMs: 400 })
  const connection = await open()
  const options = await callOptions(connection)
  const hanging = failureOf(connection.call('echo', { fault: 'hang' }, options))
  expect(await connection.call('echo', { text: 'other' }, options)).toMatchObject({ text: 'other' })
  const error = await hanging
  expect(error).toMatchObject({ code: 'tool-source/timeout', meta: { timeoutMs: 400 } })
  await expect.poll(heard).toContain('notifications/cancelled')
  expect(await connection.call('echo', { text: 'later' }, options)).toMatchObject({ text: 'later' })
})

test('an abort ends a call with its reason, tells the server, and leaves no listener [MCP-13]', async () => {
  const { open, heard } = subject()
  const connection = await open()
  const caller = new AbortController()
  const options = await callOptions(connection, { signal: caller.signal })
  const call = connection.call('echo', { fault: 'hang' }, options)
  await expect.poll(heard).toContain('tools/call')
  const reason = new Error('enough')
  caller.abort(reason)
  await expect(call).rejects.toBe(reason)
  await expect.poll(heard).toContain('notifications/cancelled')
})

test('an answer that comes after the time is over is ignored [MCP-15]', async () => {
  const { open, heard } = subject('none', { timeoutMs: 150 })
  const connection = await open()
  const options = await callOptions(connection)
  expect(await failureOf(connection.call('echo', { fault: 'slow', ms: 300 }, options))).toMatchObject({
    code: 'tool-source/timeout',
  })
  await expect.poll(heard).toContain('notifications/cancelled')
  const next = connection.call('echo', { fault: 'slow', ms: 100, text: 'mine' }, options)
  expect(await next).toMatchObject({ text: 'mine' })
})

test('a message of 30 MB is refused to the call that it answers, and the others go on [MCP-14]', async () => {
  const { open, pids } = subject()
  const connection = await open()
  const options = await callOptions(connection)
  const slow = connection.call('echo', { fault: 'slow', ms: 700, text: 'slow' }, options)
  const error = await failureOf(connection.call('echo', { fault: 'huge-message' }, options))
  expect(error).toMatchObject({ code: 'tool-source/malformed', meta: { reason: 'too_long' } })
  expect(await slow).toMatchObject({ text: 'slow' })
  expect(pids()).toHaveLength(1)
})

test('a message of 30 MB that answers nobody fails whoever waits [MCP-14]', async () => {
  const { open } = subject()
  const connection = await open()
  const options = await callOptions(connection)
  const error = await failureOf(connection.call('echo', { fault: 'huge-nobody' }, options))
  expect(error).toMatchObject({ code: 'tool-source/malformed', meta: { reason: 'too_long' } })
  expect(await connection.call('echo', { text: 'again' }, options)).toMatchObject({ text: 'again' })
})

test('garbage without an end is given up [MCP-14]', async () => {
  const { open, pids } = subject('none', { maxMessageBytes: 2_000_000 })
  const connection = await open()
  const options = await callOptions(connection)
  const error = await failureOf(connection.call('echo', { fault: 'garbage-flood' }, options))
  expect(error).toMatchObject({ code: 'tool-source/malformed', meta: { reason: 'garbage' } })
  await connection.close()
  expect(pids().map(isAlive)).toEqual([false])
})

test('a flood on standard error holds up neither calls nor close [MCP-10]', async () => {
  const { open, pids } = subject('stderr-flood')
  const connection = await open()
  const options = await callOptions(connection)
  for (let count = 0; count < 20; count++)
    expect(await connection.call('echo', { text: `${count}` }, options)).toMatchObject({ text: `${count}` })
  await connection.close()
  expect(pids().map(isAlive)).toEqual([false])
})

test.each(['silent', 'ignores-sigterm', 'grandchild', 'none'])(
  '%s: close leaves no process [MCP-11]',
  async (fault) => {
    const { open, pids, source } = subject(fault, fault === 'silent' ? { startTimeoutMs: 300 } : {})
    if (fault === 'silent') {
      const error = await failureOf(open())
      expect(error).toMatchObject({ code: 'tool-source/timeout', retryable: true })
    } else {
      const connection = await open()
      expect(pids().map(isAlive)).toEqual(pids().map(() => true))
      await connection.close()
      await connection.close()
      expect((await failureOf(connection.list())).code).toBe('tool-source/closed')
    }
    expect(pids()).toHaveLength(fault === 'grandchild' ? 2 : 1)
    expect(pids().map(isAlive)).toEqual(pids().map(() => false))
    await source.close()
    expect((await failureOf(open())).code).toBe('tool-source/closed')
  },
)

test('a grandchild does not outlive a server that crashes [MCP-11]', async () => {
  const { open, pids } = subject('grandchild')
  const connection = await open()
  const options = await callOptions(connection)
  await failureOf(connection.call('echo', { fault: 'crash-in-call' }, options))
  await expect.poll(() => pids().map(isAlive)).toEqual([false, false])
})

test('an error of the protocol is told by its number and not in its words [MCP-21]', async () => {
  const { open } = subject('error')
  const connection = await open()
  const error = await failureOf(connection.call('echo', {}, await callOptions(connection)))
  expect(error).toMatchObject({ code: 'tool-source/failed', meta: { code: -32_603 } })
  expect(JSON.stringify(error)).not.toContain('secret words')
})

test('an error with the number of a timeout is no timeout [MCP-21]', async () => {
  const { open } = subject('error-of-timeout')
  const connection = await open()
  const error = await failureOf(connection.call('echo', {}, await callOptions(connection)))
  expect(error).toMatchObject({ code: 'tool-source/failed', meta: { code: -32_001 } })
})

test('results: errors of tools, parts that are not text, texts that are too long, no result', async () => {
  const { open } = subject()
  const connection = await open()
  const options = await callOptions(connection)
  const call = (fault: string) => connection.call('echo', { fault }, options)
  expect(await call('tool-error')).toEqual({ isError: true, text: 'no such thing' })
  expect(await call('parts')).toEqual({
    isError: false,
    text: 'one\n[image image/png, 4 characters of base64: left out]\ntwo\n[resource file:///b]',
    structured: { one: 1 },
  })
  const { text } = await call('long')
  expect(text.length).toBeLessThanOrEqual(1_048_576)
  expect(text.isWellFormed()).toBe(true)
  expect(text).toMatch(/😀\n\[cut: 1800000 characters in all\]$/)
  expect(await failureOf(call('bad-result'))).toMatchObject({
    code: 'tool-source/malformed',
    meta: { reason: 'result' },
  })
})

test('a tool that the server changes is not called in the version that was listed [MCP-5]', async () => {
  const { open, heard } = subject()
  const connection = await open()
  const options = await callOptions(connection)
  await connection.call('echo', { fault: 'changes' }, options)
  await expect
    .poll(async () => (await failureOf(connection.call('echo', {}, options)).catch(() => undefined))?.code)
    .toBe('tool-source/changed')
  const again = await callOptions(connection)
  expect(again.version).not.toBe(options.version)
  expect(await connection.call('echo', { text: 'new' }, again)).toMatchObject({ text: 'new' })
  const unknown = await failureOf(connection.call('other', {}, again))
  expect(unknown.code).toBe('tool-source/unknown-tool')
  expect(heard().filter((line) => line === 'tools/call').length).toBeGreaterThanOrEqual(2)
})

test('the environment of a server holds what was given and nothing else of this process [MCP-9]', async () => {
  process.env['BELAY_TEST_SECRET'] = 'canary'
  const { open } = subject('environment', {
    transport: {
      type: 'stdio',
      command: process.execPath,
      args: [serverFile, 'environment'],
      env: { GIVEN: 'yes' },
      host: true,
    },
  })
  const connection = await open()
  const { text } = await connection.call('echo', {}, await callOptions(connection))
  const seen = Object.keys(JSON.parse(text) as object).sort()
  const allowed = ['BELAY_TREE', 'GIVEN', 'HOME', 'LANG', 'PATH', 'TMPDIR']
  expect(seen.filter((name) => !allowed.includes(name))).toEqual([])
  expect(text).toContain('"GIVEN":"yes"')
  expect(text).not.toContain('canary')
})

test('resources are two tools where they were asked for and the server has them [MCP-22]', async () => {
  const { open } = subject('resources', { resources: true })
  const connection = await open()
  const tools = await connection.list()
  expect(tools.map(({ name }) => name)).toEqual(['echo', 'list_resources', 'read_resource'])
  const [, list, read] = tools
  const options = await callOptions(connection)
  const listed = await connection.call('list_resources', {}, { ...options, version: list?.version ?? '' })
  expect(listed.text).toBe('file:///a · a · A.\n[more with cursor "c2"]')
  const got = await connection.call(
    'read_resource',
    { uri: 'file:///a' },
    { ...options, version: read?.version ?? '' },
  )
  expect(got).toEqual({ isError: false, text: 'text of file:///a' })
  const without = subject('none', { resources: true, tools: ['missing'] })
  expect(await (await without.open()).list()).toEqual([])
  expect(without.logger.lines.join()).toContain('does not have a tool that was selected')
})
