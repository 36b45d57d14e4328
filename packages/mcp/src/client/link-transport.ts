import type { PortError } from '@belay/core/ports'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'

/** The way of messages to a server, as the SDK takes it. */
export interface LinkTransport extends Transport {
  /** Why it is of no use any more. */
  readonly fault: PortError | undefined
  /** Ends it within a bound; leaves no process, timer or socket in use. Never rejects. */
  end(): Promise<void>
}
