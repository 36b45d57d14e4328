import { lookup } from 'node:dns/promises'
import { closeSync, openSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { NetworkTarget } from '../policy.ts'
import { isPrivateAddress } from './private-address.ts'

/** A proxy for HTTP on a unix socket. */
export interface Proxy {
  /** Path of the host. */
  readonly socket: string
  close(): Promise<void>
}

/** A connection that is not made in this time is given up. */
const connectMs = 30_000

/**
 * Opens a proxy that connects to what is allowed and to nothing else. Names are looked up here, and the address that was judged is
 * the one that is connected to. A name that leads to a private address is refused: only an address itself can allow one.
 */
export async function openProxy(folder: string, allow: readonly NetworkTarget[]): Promise<Proxy> {
  const allowed = new Set(allow.map(({ host, port }) => key(host, port)))
  const sockets = new Set<Duplex>()
  const server = createServer((request, response) => {
    void forward(request, response, allowed).catch(() => {
      refuse(response)
    })
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => undefined)
    void tunnel({ authority: request.url ?? '', client, head, allowed, sockets }).catch(() => {
      client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
    })
  })
  // The path of a socket has at most 108 bytes, and that of the folder may have more.
  const held = openSync(folder, 'r')
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(`/proc/self/fd/${held}/proxy`, resolve)
    })
  } finally {
    closeSync(held)
  }
  server.unref()
  return {
    socket: join(folder, 'proxy'),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => {
          resolve()
        })
      }),
  }
}

interface Tunnel {
  readonly authority: string
  readonly client: Duplex
  readonly head: Buffer
  readonly allowed: ReadonlySet<string>
  readonly sockets: Set<Duplex>
}

async function tunnel({ authority, client, head, allowed, sockets }: Tunnel): Promise<void> {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(authority)
  const address = await addressOf(match?.[1] ?? match?.[2] ?? '', Number(match?.[3]), allowed)
  const remote = connect({ host: address, port: Number(match?.[3]), timeout: connectMs })
  sockets.add(remote)
  remote.once('close', () => {
    sockets.delete(remote)
    client.destroy()
  })
  client.once('close', () => remote.destroy())
  remote.once('timeout', () => {
    if (remote.connecting) remote.destroy()
  })
  remote.on('error', () => {
    if (client.writable && remote.bytesRead === 0)
      client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
  })
  remote.once('connect', () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    if (head.length > 0) remote.write(head)
    remote.pipe(client)
    client.pipe(remote)
  })
}

/** A request with the whole URL, as clients send it for `http:`. */
async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  allowed: ReadonlySet<string>,
): Promise<void> {
  const url = new URL(request.url ?? '')
  if (url.protocol !== 'http:') throw new Error('only http: is forwarded')
  const port = Number(url.port || 80)
  const address = await addressOf(url.hostname.replace(/^\[|\]$/g, ''), port, allowed)
  const headers: OutgoingHttpHeaders = { ...request.headers, host: url.host }
  delete headers['proxy-authorization']
  delete headers['proxy-connection']
  const outgoing = httpRequest(
    {
      host: address,
      port,
      path: `${url.pathname}${url.search}`,
      method: request.method,
      headers,
      agent: false,
    },
    (incoming) => {
      answer(incoming, response)
    },
  )
  outgoing.setTimeout(connectMs, () => {
    if (outgoing.socket?.connecting !== false) outgoing.destroy(new Error('not connected in time'))
  })
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502).end()
  })
  response.once('close', () => outgoing.destroy())
  request.pipe(outgoing)
}

/** Hands an answer on. What a server sends may be nothing that can be sent again, and must not be more than its own failure. */
function answer(incoming: IncomingMessage, response: ServerResponse): void {
  // An answer that breaks off must break off inside too: without this nobody there would hear of it.
  incoming.once('close', () => {
    if (!incoming.complete) response.destroy()
  })
  const headers: IncomingMessage['headers'] = { ...incoming.headers }
  // Trailers are not handed on, and one that is announced without pieces cannot be sent.
  delete headers['trailer']
  try {
    response.writeHead(incoming.statusCode ?? 502, headers)
  } catch {
    incoming.destroy()
    response.destroy()
    return
  }
  incoming.pipe(response)
}

/** The address to connect to. Throws when it is not allowed. */
async function addressOf(host: string, port: number, allowed: ReadonlySet<string>): Promise<string> {
  if (!allowed.has(key(host, port))) throw new Error('not allowed')
  if (isIP(host) !== 0) return host
  const found = await lookup(host, { all: true })
  const open = found.find(({ address }) => !isPrivateAddress(address))
  if (open === undefined || found.some(({ address }) => isPrivateAddress(address)))
    throw new Error('a private address')
  return open.address
}

function refuse(response: ServerResponse): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(403).end()
}

const key = (host: string, port: number): string => `${host.toLowerCase().replace(/\.$/, '')} ${port}`
