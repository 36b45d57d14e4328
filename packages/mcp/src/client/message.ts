import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'

/** Whether a value has the form of a message. The SDK looks at the details of those that it handles. */
export function isMessage(value: unknown): value is JSONRPCMessage {
  if (typeof value !== 'object' || value === null) return false
  const { jsonrpc, id, method } = value as { jsonrpc?: unknown; id?: unknown; method?: unknown }
  if (jsonrpc !== '2.0') return false
  return typeof method === 'string' || typeof id === 'number' || typeof id === 'string'
}

/** The id that a request waits for an answer with. */
export function requestId(message: JSONRPCMessage): number | string | undefined {
  return 'method' in message && 'id' in message ? message.id : undefined
}

/** The id that a message answers. */
export function answeredId(message: JSONRPCMessage): number | string | undefined {
  return 'method' in message || !('id' in message) ? undefined : message.id
}

/** Whether an answer is one that the SDK takes; it lets others fall, and whoever asked waits on. */
export function isWholeAnswer(message: JSONRPCMessage): boolean {
  const { result, error } = message as { readonly result?: unknown; readonly error?: unknown }
  if (error === undefined) return typeof result === 'object' && result !== null && !Array.isArray(result)
  const { code, message: text } = Object(error) as { readonly code?: unknown; readonly message?: unknown }
  return Number.isInteger(code) && typeof text === 'string'
}

/** The request that is given up by a message. */
export function cancelledId(message: JSONRPCMessage): number | string | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined
  return (message.params as { readonly requestId?: number | string } | undefined)?.requestId
}

/**
 * An answer that this side gives in the place of the server. A fault in it is an object that no server can send, so it
 * comes out of the SDK as it went in.
 */
export function faultAnswer(id: number | string, fault: Error): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: -32_000, message: fault.message, data: fault } }
}
