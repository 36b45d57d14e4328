import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { callOptions, failureOf, isAlive, subject } from './fixtures/subject.ts'

/** All of them with BELAY_SIZE=full, a share otherwise. */
const cycles = process.env['BELAY_SIZE'] === 'full' ? 1_000 : 12

const descriptors = (): number => readdirSync('/proc/self/fd').length

test(
  `${cycles} connects and crashes leave no process and no descriptor [MCP-11]`,
  { timeout: 3_600_000 },
  async () => {
    const { open, pids } = subject()
    const cycle = async (crash: boolean): Promise<void> => {
      const connection = await open()
      const options = await callOptions(connection)
      if (crash) await failureOf(connection.call('echo', { fault: 'crash-in-call' }, options))
      else await connection.call('echo', { text: 'x' }, options)
      await connection.close()
    }
    await cycle(true)
    const before = descriptors()
    for (let count = 1; count < cycles; count++) await cycle(count % 2 === 0)
    await expect.poll(descriptors).toBeLessThanOrEqual(before + 2)
    expect(pids()).toHaveLength(cycles)
    expect(pids().filter(isAlive)).toEqual([])
  },
)
