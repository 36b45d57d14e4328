import { constants } from 'node:os'

type StopSignal = 'SIGINT' | 'SIGTERM'

const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']

/** Watches for Ctrl-C and termination. */
export interface StopSignals {
  /** Resolves with the exit code of the signal that came first. */
  readonly asked: Promise<number>
  readonly isAsked: () => boolean
  close(): void
}

/** The first signal asks to stop; a second one ends the process at once. */
export function watchStopSignals(): StopSignals {
  const { promise, resolve } = Promise.withResolvers<number>()
  let isAsked = false
  const listeners = signals.map((signal) => {
    const exitCode = 128 + constants.signals[signal]
    const listener = (): void => {
      if (isAsked) process.exit(exitCode)
      isAsked = true
      resolve(exitCode)
    }
    process.on(signal, listener)
    return () => process.off(signal, listener)
  })
  return {
    asked: promise,
    isAsked: () => isAsked,
    close: () => {
      for (const remove of listeners) remove()
    },
  }
}
