import { createInterface } from 'node:readline/promises'
import type { Approval } from '@belay/core'
import { z } from 'zod'

/** A run that waits for an answer is neither done nor failed. */
export const askingExitCode = 4

/** Where answers are typed. */
export type Keyboard = NodeJS.ReadableStream & { readonly isTTY?: boolean }

const asked = z.object({ out: z.string(), title: z.string(), claims: z.number() })

/** What is asked, as one sentence. */
export function questionOf(approvals: readonly Approval[]): string {
  const report = asked.safeParse(approvals[0]?.arguments).data
  if (report === undefined) return 'The run asks for an approval.'
  const { title, claims, out } = report
  return `Write "${title.replace(/\s+/gu, ' ')}" with ${claims} claims to ${out}?`
}

/** The commands that answer. */
export function askingLine(question: string, command: string): string {
  return `${question} Answer with: ${command} --approve  or  ${command} --deny`
}

/**
 * Asks on a terminal until it is yes or no. `undefined`: the run goes on or stops without this answer; `left`: the
 * input has ended, as by Ctrl-D.
 */
export async function askOnTerminal(
  question: string,
  io: { readonly stdin: Keyboard; readonly stdout: unknown },
  signal: AbortSignal,
): Promise<'allow' | 'deny' | 'left' | undefined> {
  const lines = createInterface({ input: io.stdin, output: io.stdout as NodeJS.WritableStream })
  // A terminal whose reader is open takes Ctrl-C itself.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = (await lines.question(`${question} (y/n) `, { signal })).trim().toLowerCase()
      if (answer === 'y' || answer === 'yes') return 'allow'
      if (answer === 'n' || answer === 'no') return 'deny'
    }
  } catch (error) {
    if (signal.aborted) return undefined
    if (error instanceof Error && error.name === 'AbortError') return 'left'
    throw error
  } finally {
    lines.close()
  }
}
