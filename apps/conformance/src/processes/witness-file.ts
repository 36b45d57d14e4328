import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/** One effect as it happened, whatever the store says of it. */
export interface Witnessed {
  readonly runId: string
  readonly key: string
  readonly pid: number
}

/** A file beside the store in which bodies of steps and tools say that they run. */
export interface WitnessFile {
  /** Written and synced before it returns. */
  ran(idempotencyKey: string): void
  close(): void
}

/** Opens the file for appending; several processes may have it open. */
export function openWitness(path: string): WitnessFile {
  const file = openSync(path, 'a')
  return {
    ran: (idempotencyKey) => {
      writeSync(file, `${process.pid} ${idempotencyKey}\n`)
      fsyncSync(file)
    },
    close: () => closeSync(file),
  }
}

/** Everything that was witnessed so far, in order. An idempotency key is the run id, a colon and the step's key. */
export function readWitness(path: string): readonly Witnessed[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [pid = '', idempotencyKey = ''] = line.split(' ')
      const colon = idempotencyKey.indexOf(':')
      return { pid: Number(pid), runId: idempotencyKey.slice(0, colon), key: idempotencyKey.slice(colon + 1) }
    })
}
