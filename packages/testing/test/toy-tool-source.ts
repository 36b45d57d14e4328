import { createHash } from 'node:crypto'
import { PortError, toolSourceErrorCodes } from '@belay/core/ports'
import type { JsonObject, SourceConnection, SourcedResult, SourcedTool } from '@belay/core/ports'
import type { ToolSourceSubject } from '../src/contract/tool-source-case.ts'

type Code = (typeof toolSourceErrorCodes)[keyof typeof toolSourceErrorCodes]

const refusal = (code: Code, cause?: unknown): PortError<Code> =>
  new PortError({ code, message: code, cause })

function tool(name: string, description: string, properties: JsonObject, readOnly: boolean): SourcedTool {
  const inputSchema = { type: 'object', properties, required: Object.keys(properties) }
  const facts = { name, description, inputSchema, readOnly, idempotent: readOnly }
  return { ...facts, version: createHash('sha256').update(JSON.stringify(facts)).digest('hex') }
}

/** A source within this process: the good one that defects are planted into. */
export async function toyToolSource(): Promise<ToolSourceSubject> {
  const { closed, unavailable, unknownTool, changed } = toolSourceErrorCodes
  let description = 'Says it again.'
  let echoes = 0
  let isClosed = false
  const connections = new Set<SourceConnection>()
  const slow = new Set<(error: unknown) => void>()
  const tools = () => [
    tool('echo', description, { text: { type: 'string' } }, true),
    tool('fail', 'Fails.', {}, false),
    tool('slow', 'Takes a minute.', {}, false),
  ]

  function connect(): SourceConnection {
    let isOpen = true
    const mine = new Set<(error: unknown) => void>()
    const requireOpen = (signal?: AbortSignal): void => {
      if (!isOpen) throw refusal(closed)
      signal?.throwIfAborted()
    }
    const run = async (name: string, input: JsonObject, signal: AbortSignal): Promise<SourcedResult> => {
      if (name === 'fail') return { isError: true, text: 'failed on purpose' }
      if (name === 'echo') {
        echoes += 1
        const text = typeof input['text'] === 'string' ? input['text'] : ''
        const cut = `${text.slice(0, 1_048_550)} [cut: more text]`
        return { isError: false, text: text.length > 1_048_576 ? cut : text }
      }
      const end = Promise.withResolvers<never>()
      const onAbort = (): void => end.reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      for (const set of [slow, mine]) set.add(end.reject)
      try {
        return await end.promise
      } finally {
        signal.removeEventListener('abort', onAbort)
        for (const set of [slow, mine]) set.delete(end.reject)
      }
    }
    const connection: SourceConnection = {
      list: async (options) => {
        requireOpen(options?.signal)
        return tools()
      },
      call: async (name, input, { signal, version }) => {
        requireOpen(signal)
        const found = tools().find((each) => each.name === name)
        if (found === undefined) throw refusal(unknownTool)
        if (found.version !== version) throw refusal(changed)
        return run(name, input, signal)
      },
      close: async () => {
        isOpen = false
        connections.delete(connection)
        for (const end of mine) end(refusal(closed))
      },
    }
    connections.add(connection)
    return connection
  }

  return {
    source: {
      kind: 'tool-source',
      name: 'toy',
      info: {
        id: 'toy',
        packageName: '@belay/testing',
        version: '1.0.0',
        specs: { 'tool-source': 'tool-source/1' },
        capabilities: [],
      },
      open: async ({ signal }) => {
        if (isClosed) throw refusal(closed)
        signal?.throwIfAborted()
        return connect()
      },
      close: async () => {
        isClosed = true
        for (const each of connections) await each.close()
      },
    },
    tools: { echo: 'echo', fail: 'fail', slow: 'slow' },
    slowCalls: () => slow.size,
    echoCalls: () => echoes,
    changeEcho: () => {
      description = 'Says it twice.'
    },
    crash: () => {
      for (const end of slow) end(refusal(unavailable))
    },
    close: async () => {},
  }
}
