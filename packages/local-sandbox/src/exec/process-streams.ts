import type { Readable, Writable } from 'node:stream'

/** Reads only what is asked for: a command whose output nobody reads waits, as at any pipe. */
export function readableFrom(stream: Readable): ReadableStream<Uint8Array> {
  stream.pause()
  // Listeners for the life of the stream: a promise that is raced for each chunk would keep something of each.
  let wake = (): void => undefined
  for (const event of ['readable', 'end', 'close', 'error']) stream.on(event, () => wake())
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        for (;;) {
          const chunk = stream.read() as Buffer | null
          if (chunk !== null) {
            controller.enqueue(new Uint8Array(chunk))
            return
          }
          if (stream.readableEnded || stream.destroyed) {
            controller.close()
            return
          }
          await new Promise<void>((resolve) => (wake = resolve))
        }
      },
      cancel: () => {
        stream.destroy()
      },
    },
    // Nothing is read ahead of the reader beside what the pipe itself holds.
    { highWaterMark: 0 },
  )
}

/** Resolves a write when the pipe has taken it. A command that does not read its input is no failure until then. */
export function writableTo(stream: Writable): WritableStream<Uint8Array> {
  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(bytes, (error) => {
        if (error == null) resolve()
        else reject(error)
      })
    })
  return new WritableStream<Uint8Array>({
    write,
    close: () =>
      new Promise((resolve) => {
        stream.end(() => {
          resolve()
        })
        if (stream.destroyed) resolve()
      }),
    abort: () => {
      stream.destroy()
    },
  })
}
