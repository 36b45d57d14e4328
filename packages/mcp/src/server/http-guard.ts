import type { IncomingMessage } from 'node:http'
import type { HttpTransportOptions } from './serve-options.ts'

/** Whose requests are looked at. */
export interface HttpGuard {
  /** `undefined`: may go on. */
  refusal(request: IncomingMessage): { readonly status: number; readonly message: string } | undefined
}

/** Names that lead to this host and nowhere else. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

/**
 * A page in a browser can reach a server on this host by a name of its own that it lets point here (DNS rebinding):
 * `Host` is that name then, and `Origin` the page. Both have to be known ones.
 */
export function httpGuard(options: HttpTransportOptions, port: number): HttpGuard {
  const own = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`)
  const hosts = new Set((options.allowedHosts ?? own).map((host) => host.toLowerCase()))
  const isLocal = isLoopbackHost(options.host ?? '127.0.0.1')
  const origins = new Set(options.allowedOrigins ?? (isLocal ? own.map((host) => `http://${host}`) : []))
  return {
    refusal: ({ headers: { host, origin } }) => {
      if (host === undefined || !hosts.has(host.toLowerCase()))
        return { status: 403, message: 'This host is not served.' }
      if (origin !== undefined && !origins.has(origin))
        return { status: 403, message: 'This origin may not call.' }
      return undefined
    },
  }
}
