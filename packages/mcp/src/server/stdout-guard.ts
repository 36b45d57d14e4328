import { Writable } from 'node:stream'

/** The real stdout, for the protocol alone. */
export interface GuardedStdout {
  readonly output: Writable
  /** Gives stdout back. */
  release(): void
}

/**
 * A line that is no message of the protocol breaks the connection, and one `console.log` somewhere makes one. While
 * this holds, what is written to `process.stdout` goes to stderr.
 */
export function guardStdout(onError: (error: Error) => void): GuardedStdout {
  const { stdout, stderr } = process
  const original = stdout.write
  const write = original.bind(stdout)
  stdout.write = stderr.write.bind(stderr)
  stdout.on('error', onError)
  const output = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => void write(chunk, (error) => done(error ?? null)),
  })
  output.on('error', onError)
  return {
    output,
    release: () => {
      stdout.write = original
      stdout.off('error', onError)
    },
  }
}
