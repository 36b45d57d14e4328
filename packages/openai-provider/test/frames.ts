import type { ModelScriptStep } from '@belay/testing'

/** Turns the steps of an answer into the text of a protocol. */
export interface Frames {
  start(): string
  step(
    step: Extract<ModelScriptStep, { do: 'text' | 'reasoning' | 'tool-call' | 'finish' }>,
  ): readonly string[]
}

/** Splits a text into as many pieces as are asked for. */
export function piecesOf(source: string, count = 1): readonly string[] {
  const size = Math.max(1, Math.ceil(source.length / count))
  return Array.from({ length: count }, (_, k) => source.slice(k * size, (k + 1) * size))
}
