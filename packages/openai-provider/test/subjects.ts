import type { Model } from '@belay/core/ports'
import { afterEach } from 'vitest'
import { openai, openaiCompatible } from '../src/index.ts'
import { startProtocolServer, type ProtocolServer, type ServerTurn } from './protocol-server.ts'

/** A model and the server that it talks to. */
export interface Subject {
  readonly model: Model
  readonly server: ProtocolServer
}

const servers: ProtocolServer[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function started(script: readonly ServerTurn[]): Promise<ProtocolServer> {
  const server = await startProtocolServer(script)
  servers.push(server)
  return server
}

/** Every way to reach a server over HTTP; a server stops with its test. */
export const subjects = {
  async responses(...script: ServerTurn[]): Promise<Subject> {
    const server = await started(script)
    return { server, model: openai('test-model', { apiKey: 'test-key', baseURL: server.baseURL }) }
  },
  async chat(...script: ServerTurn[]): Promise<Subject> {
    const server = await started(script)
    return {
      server,
      model: openai('test-model', { apiKey: 'test-key', baseURL: server.baseURL, api: 'chat' }),
    }
  },
  async compatible(...script: ServerTurn[]): Promise<Subject> {
    const server = await started(script)
    return { server, model: openaiCompatible({ baseURL: server.baseURL })('test-model') }
  },
}

/** For `describe.each`. */
export const protocols = Object.entries(subjects).map(([name, start]) => ({ name, start }))
