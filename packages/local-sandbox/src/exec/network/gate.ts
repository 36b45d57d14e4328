import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { initArguments, initInside } from '../bubblewrap-arguments.ts'
import type { CommandCall } from '../command-call.ts'
import type { NetworkTarget } from '../policy.ts'
import { openProxy } from './proxy.ts'

/** How commands of one sandbox reach the hosts that are allowed. */
export interface NetworkGate {
  /** Arguments of bubblewrap. */
  readonly mounts: readonly string[]
  /** What the helper gets: its own variables, and those of the command under another name. */
  envOf(env: CommandCall['env']): CommandCall['env']
  /** Starts the helper, which starts the command. */
  argvOf(call: CommandCall): readonly string[]
  close(): Promise<void>
}

const inside = {
  node: '/run/belay/node',
  forwarder: '/run/belay/forwarder',
  socket: '/run/belay/proxy',
} as const
const proxyUrl = 'http://127.0.0.1:3128'
const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']

/** Beside a network of its own without a way out, the inside gets one socket; what answers it decides by host and port. */
export async function openGate(folder: string, allow: readonly NetworkTarget[]): Promise<NetworkGate> {
  const proxy = await openProxy(folder, allow)
  const extension = extname(import.meta.url)
  const forwarder = `${inside.forwarder}${extension === '.ts' ? '.mts' : '.mjs'}`
  return {
    mounts: [
      ...['--ro-bind', process.execPath, inside.node],
      ...['--ro-bind', fileURLToPath(new URL(`./forwarder${extension}`, import.meta.url)), forwarder],
      ...['--ro-bind', proxy.socket, inside.socket],
    ],
    envOf: (env) =>
      Object.fromEntries(
        Object.entries({
          ...Object.fromEntries(proxyVariables.map((name) => [name, proxyUrl])),
          NO_PROXY: '',
          no_proxy: '',
          ...env,
        }).map(([name, value]) => [`BELAY_${name}`, value]),
      ),
    argvOf: (call) => {
      const helper = [inside.node, '--no-warnings', forwarder, inside.socket, ...initArguments(call)]
      return [initInside, '10', call.cwd, inside.node, ...helper]
    },
    close: () => proxy.close(),
  }
}
