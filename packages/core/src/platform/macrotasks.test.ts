import { describe, expect, it } from 'vitest'
import { macrotasks } from './macrotasks.ts'

describe('macrotasks', () => {
  it('runs each in order, with the microtasks of one before the next', async () => {
    const macrotask = macrotasks()
    const seen: string[] = []
    const ended = Promise.withResolvers<void>()
    const next = (count: number): void =>
      macrotask(() => {
        seen.push(`task ${count}`)
        queueMicrotask(() => queueMicrotask(() => seen.push(`after ${count}`)))
        if (count < 100) next(count + 1)
        else macrotask(ended.resolve)
      })
    next(1)
    await ended.promise
    const expected = Array.from({ length: 100 }, (_, index) => [`task ${index + 1}`, `after ${index + 1}`])
    expect(seen).toEqual(expected.flat())
  })

  it('runs what is asked for in one go, also many at once', async () => {
    const macrotask = macrotasks()
    const seen: number[] = []
    await new Promise<void>((resolve) => {
      for (let count = 0; count < 50; count++) macrotask(() => seen.push(count))
      macrotask(resolve)
    })
    expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  it('lets I/O in after a bounded number of turns', async () => {
    const macrotask = macrotasks()
    let turns = 0
    let ended = false
    const spin = (): void =>
      macrotask(() => {
        turns++
        if (!ended) spin()
      })
    spin()
    const before: number[] = []
    for (let count = 0; count < 3; count++) {
      const start = turns
      // An immediate of somebody else runs once in each round of the event loop.
      await new Promise<void>((resolve) => setImmediate(resolve))
      before.push(turns - start)
    }
    ended = true
    expect(Math.max(...before)).toBeLessThanOrEqual(32)
  })

  it('goes on after a task that throws', async () => {
    const macrotask = macrotasks()
    const failures: unknown[] = []
    const listener = (error: unknown): void => void failures.push(error)
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', listener)
    try {
      macrotask(() => {
        throw new Error('planted')
      })
      await new Promise<void>((resolve) => macrotask(resolve))
    } finally {
      process.off('uncaughtException', listener)
      for (const other of others) process.on('uncaughtException', other)
    }
    expect(failures).toEqual([new Error('planted')])
  })
})
