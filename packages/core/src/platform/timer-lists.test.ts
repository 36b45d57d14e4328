import { describe, expect, it, vi } from 'vitest'
import { timerLists } from './timer-lists.ts'

describe('timer lists', () => {
  it('fire in order, none before its time, also when others were taken back', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
    try {
      const timer = timerLists()
      const fired: string[] = []
      const start = performance.now()
      const add = (name: string, delayMs: number) =>
        timer(delayMs, () => fired.push(`${name} ${performance.now() - start}`))
      const first = add('first', 2_000)
      vi.advanceTimersByTime(500)
      add('second', 2_000)
      vi.advanceTimersByTime(500)
      const third = add('third', 2_000)
      add('other', 1_200)
      first.cancel()
      vi.advanceTimersByTime(1_600)
      third.cancel()
      vi.advanceTimersByTime(10_000)
      expect(fired).toEqual(['other 2200', 'second 2500'])
    } finally {
      vi.useRealTimers()
    }
  })

  it('due in the same moment all fire, also when the first throws, and not when the first takes them back', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
    try {
      const timer = timerLists()
      const fired: string[] = []
      timer(1_000, () => {
        fired.push('first')
        taken.cancel()
        throw new Error('planted')
      })
      const taken = timer(1_000, () => fired.push('taken back'))
      timer(1_000, () => fired.push('last'))
      expect(() => vi.advanceTimersByTime(1_000)).toThrow('planted')
      vi.advanceTimersByTime(1)
      expect(fired).toEqual(['first', 'last'])
    } finally {
      vi.useRealTimers()
    }
  })

  it('hold the process only while one waits that is to keep it alive', () => {
    const timer = timerLists()
    const held = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = held()
    const weak = timer(5_000, () => undefined, { keepAlive: false })
    expect(held()).toBe(before)
    const strong = timer(5_000, () => undefined)
    expect(held()).toBe(before + 1)
    strong.cancel()
    expect(held()).toBe(before)
    const again = timer(5_000, () => undefined)
    expect(held()).toBe(before + 1)
    again.cancel()
    weak.cancel()
    expect(held()).toBe(before)
  })

  it('work for more lengths than are kept', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
    try {
      const timer = timerLists()
      const fired: number[] = []
      for (let delayMs = 1_000; delayMs < 1_200; delayMs++) timer(delayMs, () => fired.push(delayMs))
      for (let delayMs = 2_000; delayMs < 2_200; delayMs++) timer(delayMs, () => fired.push(delayMs)).cancel()
      vi.advanceTimersByTime(3_000)
      expect(fired).toEqual(Array.from({ length: 200 }, (_, index) => 1_000 + index))
    } finally {
      vi.useRealTimers()
    }
  })
})
