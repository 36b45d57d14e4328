import { PassThrough } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { readableFrom } from './process-streams.ts'

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Bytes of heap that are in use. */
async function heap(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) {
    gc()
    await turn()
  }
  return process.memoryUsage().heapUsed
}

test('a stream that is read for long keeps nothing of what was read', async () => {
  const source = new PassThrough()
  const reader = readableFrom(source).getReader()
  const read = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      const reading = reader.read()
      // So that the read waits for what is written.
      await turn()
      source.write('x')
      expect((await reading).done).toBe(false)
    }
  }
  await read(2_000)
  const before = await heap()
  await read(20_000)
  // A promise for each read that stayed would be some 350 bytes.
  expect(((await heap()) - before) / 20_000).toBeLessThan(150)
})

test('a stream that ends, breaks or is destroyed while a read waits is at its end', async () => {
  for (const end of ['end', 'destroy', 'error'] as const) {
    const source = new PassThrough()
    const reading = readableFrom(source).getReader().read()
    await turn()
    if (end === 'end') source.end()
    else source.destroy(end === 'error' ? new Error('broken') : undefined)
    expect((await reading).done, end).toBe(true)
  }
})
