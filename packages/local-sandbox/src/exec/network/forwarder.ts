/**
 * Runs inside, below `init-program.ts`, when a network is allowed. Hands connections to port 3128 of this network on to the
 * socket of the host's proxy, and starts the command. It decides nothing: who leaves it out reaches nothing.
 */

import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'

const [, , socket = '', init = '', ...rest] = process.argv

const server = createServer((client) => {
  const proxy = connect(socket)
  for (const stream of [client, proxy]) {
    stream.on('error', () => {
      client.destroy()
      proxy.destroy()
    })
  }
  client.pipe(proxy)
  proxy.pipe(client)
})

server.listen(3128, '127.0.0.1', () => {
  const env: Record<string, string> = {}
  for (const [name, value = ''] of Object.entries(process.env)) {
    if (name.startsWith('BELAY_')) env[name.slice('BELAY_'.length)] = value
  }
  const child = spawn(init, rest, { env, stdio: ['inherit', 'inherit', 'inherit', 3] })
  child.once('exit', () => {
    process.exit(1)
  })
  child.once('error', () => {
    process.exit(1)
  })
})
