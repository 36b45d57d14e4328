/** What a body is watched for. */
export interface BodyWatch {
  /** Bytes of one message: of the whole body, or of one event of a stream of events. */
  readonly maxBytes: number
  readonly isEvents: boolean
  readonly tooLong: () => Error
  /** The body has ended or was lost; `resumable`: the server has named an event that one can go on from. */
  readonly onEnd: (end: { readonly resumable: boolean; readonly error: unknown }) => void
}

const newline = 10

/**
 * The same body, held to a size. Reads no faster than it is read, so that a body without an end fills no memory.
 */
export function boundedBody(body: ReadableStream<Uint8Array>, watch: BodyWatch): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let size = 0
  let resumable = false
  const counted = (bytes: Uint8Array): boolean => {
    if (!watch.isEvents) return (size += bytes.length) <= watch.maxBytes
    resumable ||= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('id:')
    const after = lastEventEnd(bytes)
    size = after === undefined ? size + bytes.length : bytes.length - after
    return size <= watch.maxBytes && bytes.length <= watch.maxBytes + size
  }
  const end = (error?: unknown): void => watch.onEnd({ resumable, error })
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read()
        if (done) {
          controller.close()
          return end()
        }
        if (counted(value)) return controller.enqueue(value)
        const error = watch.tooLong()
        controller.error(error)
        end(error)
        await reader.cancel(error)
      } catch (error) {
        controller.error(error)
        end(error)
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

/** Behind the last empty line of these bytes, which ends an event. */
function lastEventEnd(bytes: Uint8Array): number | undefined {
  for (let at = bytes.lastIndexOf(newline); at > 0; at = bytes.lastIndexOf(newline, at - 1)) {
    const before = bytes[at - 1] === 13 ? at - 2 : at - 1
    if (bytes[before] === newline) return at + 1
  }
  return undefined
}
