import type { IncomingMessage } from 'node:http'

/** A body that is not taken. */
export type BodyRefusal = {
  readonly status: 400 | 413 | 415
  readonly message: string
  readonly rpcCode: number
}

/** Reads and parses the body of a POST, at most so many bytes of it. */
export async function readJsonBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<{ readonly value: unknown } | BodyRefusal> {
  const tooLarge: BodyRefusal = {
    status: 413,
    message: `A request may have ${maxBytes} bytes.`,
    rpcCode: -32_000,
  }
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    return { status: 415, message: 'The body must be application/json.', rpcCode: -32_000 }
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge
  const body = await readBytes(request, maxBytes)
  if (body === undefined) return tooLarge
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    return { value: JSON.parse(text) as unknown }
  } catch {
    return { status: 400, message: 'The body is no JSON.', rpcCode: -32_700 }
  }
}

/** `undefined`: too many. The request is left open, because destroying it would take the answer along. */
function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) return void chunks.push(chunk)
    chunks.length = 0
    request.pause()
    resolve(undefined)
  })
  request.once('end', () => resolve(Buffer.concat(chunks)))
  request.once('error', reject)
  request.once('close', () => reject(new Error('The request ended early.')))
  return promise
}
