import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { liveView } from './live-view.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setup() {
  let pictures = 0
  const view = liveView(
    { write: (text: string) => (pictures += Number(text.includes('steps recorded'))), columns: 80, rows: 24 },
    { hasColour: false },
  )
  return { view, pictures: () => pictures }
}

test('draws at most ten times a second, however many events come', () => {
  const { view, pictures } = setup()
  expect(pictures()).toBe(1)
  for (let position = 1; position <= 1_000; position++) {
    view.show(
      { type: 'fanout.started', runId: 'r', at: 0, id: `f${position}@1`, key: `f${position}`, items: 1 },
      true,
    )
    vi.advanceTimersByTime(1)
  }
  expect(pictures()).toBe(11)
  view.end()
})

test('draws the last picture when it ends, and nothing after', () => {
  const { view, pictures } = setup()
  view.end()
  view.end()
  expect(pictures()).toBe(2)
  expect(vi.getTimerCount()).toBe(0)
})
