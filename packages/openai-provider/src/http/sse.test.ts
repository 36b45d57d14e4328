import { describe, expect, it } from 'vitest'
import { sseEvents, type SseEvent } from './sse.ts'

async function eventsOf(pieces: readonly Uint8Array[]): Promise<SseEvent[]> {
  const events: SseEvent[] = []
  for await (const event of sseEvents(ReadableStream.from(pieces).getReader())) events.push(event)
  return events
}

const bytes = new TextEncoder().encode(
  '\uFEFF: hello\r\ndata: one\r\n\r\nevent: error\rdata: {"é":"☃🧗"}\r\rdata:a\r\ndata: b\r\ndata\nid: 7\n\nevent: none\n\ndata: cut off\n',
)
const expected = [
  { event: undefined, data: 'one' },
  { event: 'error', data: '{"é":"☃🧗"}' },
  { event: undefined, data: 'a\nb\n' },
]

describe('sseEvents', () => {
  it('reads every line end, field and character wherever the bytes are split', async () => {
    expect(await eventsOf([bytes])).toEqual(expected)
    expect(await eventsOf([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected)
    for (let at = 1; at < bytes.length; at += 1) {
      expect(await eventsOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected)
    }
  })

  it('refuses bytes that are not UTF-8, and an event without an end', async () => {
    await expect(eventsOf([Uint8Array.of(0x64, 0xff, 0x0a)])).rejects.toMatchObject({
      code: 'model/malformed',
    })
    const endless = Array.from({ length: 70 }, () => new Uint8Array(1024 * 1024).fill(0x61))
    await expect(eventsOf(endless)).rejects.toMatchObject({ code: 'model/malformed' })
    const lines = Array.from({ length: 70 }, () =>
      new TextEncoder().encode(`data: ${'a'.repeat(1024 * 1024)}\n`),
    )
    await expect(eventsOf(lines)).rejects.toMatchObject({ code: 'model/malformed' })
  })
})
