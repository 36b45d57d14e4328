import { CheckThread } from './check-thread.ts'
import { fullScore, noScore, outputText, type Scorer } from './scorer.ts'

/** What `regex` takes. */
export interface RegexInit {
  /** Default `regex`. */
  readonly name?: string
  readonly pattern: RegExp | string
  /** Flags of a pattern that is a text. Default `u`. */
  readonly flags?: string
  /** Milliseconds for one output. Default 1,000. */
  readonly timeoutMs?: number
}

/**
 * Scores whether an output matches a regular expression. Some patterns take exponential time over some texts and
 * nothing stops them from within, so they run in a thread that is ended when its time is over; that scores 0.
 */
export function regex(init: RegexInit): Scorer {
  const { source, flags } = compile(init)
  const thread = new CheckThread({ pattern: { source, flags } }, init.timeoutMs ?? 1_000)
  return {
    name: init.name ?? 'regex',
    async score({ output }, options) {
      const answer = await thread.check(outputText(output), options?.signal)
      if (answer.timedOut)
        return noScore(`the pattern took longer than ${thread.timeoutMs} ms over this output`)
      return answer.fault === undefined ? fullScore : noScore(`the output does not match /${source}/${flags}`)
    },
    close: () => thread.close(),
  }
}

function compile({ pattern, flags }: RegexInit): RegExp {
  if (typeof pattern !== 'string') return pattern
  try {
    return new RegExp(pattern, flags ?? 'u')
  } catch (cause) {
    throw new TypeError(`regex: the pattern is not a regular expression: ${String(cause)}`, { cause })
  }
}
