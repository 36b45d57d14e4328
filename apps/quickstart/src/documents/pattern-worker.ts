import { parentPort, workerData } from 'node:worker_threads'
import type { PatternAnswer } from './pattern-worker-client.ts'

/** The thread that runs one pattern over the lines of documents, one message for each document. */

/** A line of a minified file would make even an honest pattern slow. */
const maxTestedLength = 4_000

function compile(pattern: string): RegExp | { readonly invalid: string } {
  try {
    return new RegExp(pattern, 'iu')
  } catch (error) {
    return { invalid: error instanceof Error ? error.message : String(error) }
  }
}

const compiled = compile(String(workerData))

function answer(lines: readonly string[]): PatternAnswer {
  if (!(compiled instanceof RegExp)) return compiled
  const indexes: number[] = []
  for (const [index, line] of lines.entries())
    if (compiled.test(line.slice(0, maxTestedLength))) indexes.push(index)
  return { indexes }
}

parentPort?.on('message', (lines: readonly string[]) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer(lines))
})
