import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TransientEvent } from '../history/event.ts'
import { readerBuffer, ReaderQueue } from './reader-queue.ts'

const eventOf = (n: number): TransientEvent => ({
  type: 'model.delta',
  runId: 'r',
  at: n,
  key: 'k',
  attempt: 1,
  offset: n,
  text: 'x',
})

test('the queue does what a plain list does, whatever is pushed, marked and taken', () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: readerBuffer + 40 }) }),
    fc.record({ do: fc.constant('mark' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ do: fc.constant('first' as const), count: fc.constant(1) }),
    fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 1_200 }) }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 20 }), (actions) => {
      const queue = new ReaderQueue()
      let list: (number | { upTo: number })[] = []
      let dropped = 0
      let next = 0
      for (const { do: verb, count } of actions) {
        if (verb === 'first') {
          queue.markFirst(7)
          list.unshift({ upTo: 7 })
        } else if (verb === 'mark') {
          queue.mark(count)
          const last = list.at(-1)
          if (typeof last === 'object') last.upTo = Math.max(last.upTo, count)
          else list.push({ upTo: count })
        }
        for (let n = 0; verb === 'push' && n < count; n++) {
          queue.push(eventOf(next))
          list.push(next++)
          if (list.filter((item) => typeof item === 'number').length <= readerBuffer) continue
          const oldest = list.findIndex((item) => typeof item === 'number')
          list = list.toSpliced(oldest, 1)
          dropped++
        }
        for (let n = 0; verb === 'take' && n < count; n++) {
          const item = list.shift()
          const taken = queue.take()
          if (typeof item === 'number') expect(taken).toEqual(eventOf(item))
          else expect(taken).toEqual(item === undefined ? undefined : { type: 'wake', upTo: item.upTo })
        }
        expect(queue.empty).toBe(list.length === 0)
        expect(queue.marksBeyond(10)).toBe(list.some((item) => typeof item === 'object' && item.upTo > 10))
      }
      expect(queue.hasDropped).toBe(dropped > 0)
      expect(queue.takeDropped()).toBe(dropped)
      expect(queue.hasDropped).toBe(false)
    }),
    { numRuns: 60 },
  )
})
