import { connect, type ProtocolContext } from './protocol-server.ts'
import { guardStdout } from './stdout-guard.ts'

/** A transport that listens. */
export interface Listening {
  readonly url?: URL
  /** Resolves when the other side has ended it. */
  readonly ended: Promise<void>
  /** Ends every connection. */
  close(): Promise<void>
}

/** A process has one stdout. */
let isServing = false

/** Serves the client that started this process. */
export async function serveStdio(context: ProtocolContext): Promise<Listening> {
  if (isServing) throw new TypeError('serveMcp: this process serves over stdio already.')
  isServing = true
  try {
    const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js')
    const ended = Promise.withResolvers<void>()
    const end = (): void => ended.resolve()
    const stdout = guardStdout(end)
    const transport = new StdioServerTransport(process.stdin, stdout.output)
    process.stdin.once('end', end)
    process.stdin.once('close', end)
    const connection = await connect(context, transport, { principal: 'local', mcpSessionId: 'stdio' })
    return {
      ended: ended.promise,
      close: async () => {
        process.stdin.off('end', end)
        process.stdin.off('close', end)
        await connection.close()
        stdout.release()
        isServing = false
        ended.resolve()
      },
    }
  } catch (error) {
    isServing = false
    throw error
  }
}
